/* profile_if_slow keeps the list of open calls: pushed at entry, popped to the
 * depth of entry at every exit, wrapped when it is deep. */
#include <deep_profile.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake_runtime.h"

DEEP_PROFILE_IF_SLOW(1s) __attribute__((noinline)) int deep(int n)
{
    uint64_t top = fake_open_top();
    const struct dp_open_call *mine = fake_open_call(top - 1);
    EXPECT(mine->site == fake_find("deep")->site->index);
    EXPECT(mine->due == ((deep_profile_tick + mine->site) | DP_DUE_OPENED));
    int below = n == 0 ? 0 : deep(n - 1);
    EXPECT(fake_open_top() == top);
    return below + 1;
}

static jmp_buf back;

DEEP_PROFILE_IF_SLOW(1s) __attribute__((noinline)) void leaves(void)
{
    longjmp(back, 1);
}

DEEP_PROFILE_IF_SLOW(1s) __attribute__((noinline)) int mends(void)
{
    if (setjmp(back) == 0)
        leaves();
    return (int)fake_open_top();
}

/* The list appears or disappears while a call is open. */
DEEP_PROFILE_IF_SLOW(1s) __attribute__((noinline)) void switches(struct dp_open_calls *to)
{
    deep_profile_open = to;
}

DEEP_PROFILE_IF_SLOW(1s) __attribute__((noinline)) void below(struct dp_open_calls *to)
{
    switches(to);
}

/* Not watched in flight: must not touch it. */
DEEP_PROFILE() __attribute__((noinline)) uint64_t plain(void)
{
    return fake_open_top();
}

int main(void)
{
    static struct dp_open_calls another;
    EXPECT(deep(0) == 1 && fake_open_top() == 0);
    EXPECT(deep(200) == 201 && fake_open_top() == 0);
    EXPECT(mends() == 2 && fake_open_top() == 0);
    EXPECT(fake_depth() == 1);
    fake_find("leaves")->never_left = true;
    fake_forget_depth(0);
    EXPECT(plain() == 0);
    below(&another); /* the new list is empty, and stays so */
    EXPECT(deep_profile_open == &another && another.top == 0);
    switches(NULL);
    /* A gate that stays closed, so the list stays away. */
    fake_find("switches")->site->weight = 0;
    deep_profile_open = NULL;
    deep_profile_budget = 0;
    another.top = 7;
    switches(&another);
    EXPECT(another.top == 7 && fake_find("switches")->enters == 2);
    return fake_finish();
}
