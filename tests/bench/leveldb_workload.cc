/* Fills a LevelDB in the working folder's `db`, and reads it: leveldb_workload ENTRIES. */
#include <cstdio>
#include <cstdlib>
#include <string>

#include "leveldb/db.h"

static std::string key(unsigned long i)
{
    char text[32];
    std::snprintf(text, sizeof text, "%016lu", i * 2654435761ul % 1000000007ul);
    return text;
}

int main(int, char **argv)
{
    const unsigned long entries = std::strtoul(argv[1], nullptr, 10);
    leveldb::Options options;
    leveldb::DB *db;
    options.create_if_missing = true;
    if (!leveldb::DB::Open(options, "db", &db).ok())
        return 1;
    unsigned long found = 0;
    std::string value;
    for (unsigned long i = 0; i < entries; i++)
        found += db->Put(leveldb::WriteOptions(), key(i), std::string(100, 'x')).ok();
    for (unsigned long i = 0; i < entries; i++)
        found += db->Get(leveldb::ReadOptions(), key(i * 7 % entries), &value).ok();
    leveldb::Iterator *all = db->NewIterator(leveldb::ReadOptions());
    for (all->SeekToFirst(); all->Valid(); all->Next())
        found++;
    delete all;
    delete db;
    return found == 3 * entries ? 0 : 1;
}
