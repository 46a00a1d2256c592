/* Who holds a file lock, from lines of /proc/locks. */
#include "check.h"
#include "sampling/file_locks.h"

static const char locks[] = "1: FLOCK  ADVISORY  WRITE 500 08:01:77 0 EOF\n"
                            "1: -> FLOCK  ADVISORY  WRITE 900 08:01:77 0 EOF\n"
                            "2: POSIX  ADVISORY  WRITE 501 fd:00:77 0 EOF\n"
                            "2: -> POSIX  ADVISORY  WRITE 901 fd:00:77 0 EOF\n"
                            "2: -> POSIX  ADVISORY  READ 902 fd:00:77 100 199\n"
                            "3: OFDLCK ADVISORY  WRITE -1 08:01:78 0 EOF\n"
                            "3: -> POSIX  ADVISORY  WRITE 900 08:01:78 0 EOF\n"
                            "4: POSIX  ADVISORY  WRITE 502 08:01:79 0 EOF\n"
                            "4: -> OFDLCK ADVISORY  WRITE -1 08:01:79 0 EOF\n";

static void the_lock_before_the_waiting_one_is_the_holders(void)
{
    CHECK(dp_file_lock_holder_in(locks, 900, 77, false) == 500);
    CHECK(dp_file_lock_holder_in(locks, 901, 77, true) == 501);
    CHECK(dp_file_lock_holder_in(locks, 902, 77, true) == 501);
    CHECK(dp_file_lock_holder_in(locks, 900, 79, true) == 502);
}

static void what_is_not_there_is_not_known(void)
{
    CHECK(dp_file_lock_holder_in(locks, 900, 78, true) == 0); /* an open file has it */
    CHECK(dp_file_lock_holder_in(locks, 903, 77, false) == 0);
    CHECK(dp_file_lock_holder_in(locks, 900, 76, false) == 0);
    CHECK(dp_file_lock_holder_in(locks, 901, 77, false) == 0);
    CHECK(dp_file_lock_holder_in("", 900, 77, false) == 0);
    CHECK(dp_file_lock_holder_in("1: FLOCK  ADVISORY  WRITE 500", 500, 0, false) == 0);
    CHECK(dp_file_lock_holder_in("\n1:\n-> \n: :::\n", 900, 77, false) == 0);
}

int main(void)
{
    the_lock_before_the_waiting_one_is_the_holders();
    what_is_not_there_is_not_known();
    return 0;
}
