/*
 * pack_log DIRECTORY INPUT: makes a log directory into an input of the fuzzer.
 * pack_log -x INPUT DIRECTORY: the other way, to run the tool itself on it.
 */
#include <deep_profile/abi/log.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "packed_log.h"

static FILE *open_or_die(const char *path, const char *mode)
{
    FILE *file = fopen(path, mode);

    if (!file) {
        fprintf(stderr, "pack_log: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    return file;
}

/* What lies behind the content of packets is noise: the reader does not look. */
static void clear_padding(struct log_file *file)
{
    for (size_t at = 0; at + sizeof(struct dp_packet) <= file->size;) {
        struct dp_packet packet;
        memcpy(&packet, file->bytes + at, sizeof packet);
        size_t size = packet.packet_size_bits / 8, content = packet.content_size_bits / 8;
        if (packet.magic != DP_PACKET_MAGIC || size > file->size - at || content > size)
            return;
        memset(file->bytes + at + content, 0, size - content);
        at += size;
    }
}

static void add_file(struct log_files *log, const char *path, const char *name)
{
    struct log_file *file = log_files_add(log, name);
    FILE *from = file ? open_or_die(path, "rb") : NULL;

    if (!file)
        return;
    file->size = fread(file->bytes, 1, FILE_BYTES, from);
    fclose(from);
    clear_padding(file);
}

static void add_folder(struct log_files *log, const char *folder, const char *prefix)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort);

    for (int i = 0; i < n; i++) {
        char path[4096], name[NAME_BYTES];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        snprintf(name, sizeof name, "%s%.50s", prefix, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && stat(path, &status) == 0) {
            if (S_ISREG(status.st_mode))
                add_file(log, path, name);
            else if (!*prefix && strcmp(entries[i]->d_name, "state") == 0)
                add_folder(log, path, "state/");
        }
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}

static int pack(const char *folder, const char *input)
{
    static struct log_files log;
    static uint8_t data[4 << 20];

    add_folder(&log, folder, "");
    size_t size = log_files_pack(&log, data, sizeof data);
    FILE *file = open_or_die(input, "wb");
    fwrite(data, 1, size, file);
    return fclose(file) != 0;
}

static int unpack(const char *input, const char *folder)
{
    static struct log_files log;
    static uint8_t data[4 << 20];
    char path[4096];
    FILE *file = open_or_die(input, "rb");
    size_t size = fread(data, 1, sizeof data, file);

    fclose(file);
    log_files_unpack(&log, data, size);
    snprintf(path, sizeof path, "%s/state", folder);
    mkdir(folder, 0777);
    mkdir(path, 0777);
    for (size_t i = 0; i < log.n; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, log.file[i].name);
        file = open_or_die(path, "wb");
        fwrite(log.file[i].bytes, 1, log.file[i].size, file);
        fclose(file);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "-x") == 0)
        return unpack(argv[2], argv[3]);
    if (argc == 3)
        return pack(argv[1], argv[2]);
    fprintf(stderr, "usage: pack_log DIRECTORY INPUT | pack_log -x INPUT DIRECTORY\n");
    return 2;
}
