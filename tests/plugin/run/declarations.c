/* Attributes on declarations count for the definition, wherever they stand,
 * in either spelling, and several on one function combine. */
#include <deep_profile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "declarations.h"
#include "fake_runtime.h"

#define prod 1
#define test broken
#define rate broken

int in_header(int n)
{
    return n + 1;
}

int plain(int n)
{
    return n;
}

int *DEEP_PROFILE() pointer(int *p)
{
    return p;
}

int suffixed(int n) DEEP_PROFILE(rate=0.5, env=dev|test);
int suffixed(int n)
{
    return n;
}

__attribute__((profile)) int bare(int n)
{
    return n;
}

__attribute__((__profile__("strategy=memory"), profile_calls)) int spelled(int n)
{
    return n;
}

int annotated_later(int n)
{
    return n;
}
#ifdef DEEP_PROFILE_PLUGIN
DEEP_PROFILE_CALLS() int annotated_later(int n);
#endif

DEEP_PROFILE_IF_SLOW(500ms, metadata="owner:a, b")
DEEP_PROFILE(rate=0.5) DEEP_PROFILE_MEMORY(10MB)
DEEP_PROFILE_PRODUCTION(sample_rate=0.5)
DEEP_PROFILE_CALLS(env=prod)
int everything(int n)
{
    return n;
}

static const char *options(const char *function, enum dp_attribute attribute)
{
    const struct dp_site_desc *desc = fake_find(function)->site->desc;
    for (uint32_t i = 0; i < desc->n_attributes; i++)
        if (desc->attributes[i].attribute == attribute)
            return desc->attributes[i].options;
    return "none";
}

int main(void)
{
    int n = 0;
    EXPECT(in_header(1) == 2 && fake_find("in_header")->exits == 1);
    EXPECT(strcmp(options("in_header", DP_ATTRIBUTE_PROFILE), "rate=0.25") == 0);
    EXPECT(plain(3) == 3 && pointer(&n) == &n && fake_find("pointer")->exits == 1);
    EXPECT(suffixed(1) == 1 && fake_find("suffixed")->exits == 1);
    EXPECT(strcmp(options("suffixed", DP_ATTRIBUTE_PROFILE), "rate=0.5, env=dev|test") == 0);
    EXPECT(bare(1) == 1 && strcmp(options("bare", DP_ATTRIBUTE_PROFILE), "") == 0);
    EXPECT(spelled(1) == 1 && fake_find("spelled")->flags == DP_SITE_COUNTED);
    EXPECT(strcmp(options("spelled", DP_ATTRIBUTE_PROFILE), "strategy=memory") == 0);
#ifdef DEEP_PROFILE_PLUGIN
    EXPECT(annotated_later(1) == 1 && fake_find("annotated_later")->exits == 1);
#endif
    EXPECT(everything(1) == 1);
    EXPECT(fake_find("everything")->flags == (DP_SITE_COUNTED | DP_SITE_IN_FLIGHT));
    const struct dp_site_desc *desc = fake_find("everything")->site->desc;
    EXPECT(desc->abi == DP_ABI_VERSION);
    EXPECT(desc->n_attributes == 5 && strcmp(desc->file, __FILE__) == 0 && desc->line == 58);
    for (uint32_t i = 1; i < desc->n_attributes; i++)
        EXPECT(desc->attributes[i - 1].attribute < desc->attributes[i].attribute);
    EXPECT(strcmp(options("everything", DP_ATTRIBUTE_IF_SLOW),
                  "500ms, metadata=\"owner:a, b\"") == 0);
#ifdef DEEP_PROFILE_PLUGIN
    EXPECT(fake_n_sites() == 7);
#else
    EXPECT(fake_n_sites() == 6);
#endif
    return fake_finish();
}
