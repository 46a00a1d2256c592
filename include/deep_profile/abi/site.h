/*
 * A site: one instrumented function in one module. The plugin emits one `struct dp_site`
 * for each into the module's section DP_SITE_SECTION, so that the words which the gate
 * reads are packed together, and one read-only `struct dp_site_desc` elsewhere. Part of the
 * ABI of gate.h.
 */
#ifndef DEEP_PROFILE_ABI_SITE_H
#define DEEP_PROFILE_ABI_SITE_H

#include <stddef.h>
#include <stdint.h>

/* A C identifier, so that the linker makes __start_ and __stop_ symbols for it. */
#define DP_SITE_SECTION "deep_profile_sites"

/* One attribute on the function, as a person wrote it. */
enum dp_attribute {
#define DP_ATTRIBUTE(id, name, macro) DP_ATTRIBUTE_##id,
#include "../attributes.def"
    DP_ATTRIBUTE_COUNT
};

struct dp_site_attribute {
    const char *options; /* the text as written, checked when compiling */
    uint32_t attribute;  /* enum dp_attribute */
    uint32_t reserved;
};

/* dp_site_desc.flags */
#define DP_SITE_IN_FLIGHT (1u << 0) /* the code keeps deep_profile_open */
#define DP_SITE_COUNTED       (1u << 1) /* the code counts into deep_profile_counts */
#define DP_SITE_WHOLE_PROGRAM (1u << 3) /* not annotated: whole-program mode */

/* What the program names while it runs (docs/telemetry.md) has the index of a site, and no code:
 * these flags are in the log only. */
#define DP_SITE_OPERATION (1u << 4) /* of deep_profile_measure() and of spans */
#define DP_SITE_GAUGE (1u << 5)     /* of deep_profile_gauge() */
#define DP_SITE_KIND (1u << 6)      /* of deep_profile_count() */
#define DP_SITE_NAMED (DP_SITE_OPERATION | DP_SITE_GAUGE | DP_SITE_KIND)

struct dp_site_desc {
    const char *function; /* as in the source; C++: qualified, demangled */
    const char *file;     /* as the compiler got it */
    uint32_t line;
    uint32_t flags;
    uint32_t n_attributes;
    uint32_t abi; /* DP_ABI_VERSION of gate.h; 0: a version before 4 */
    const struct dp_site_attribute *attributes;
};

struct dp_site {
    int64_t weight;      /* 0: off; see docs/sampling.md */
    /* ns from the entry's tick until the exit is judged, or DP_SLOW_NEVER; + DP_ASK */
    uint64_t slow_after;
    uint32_t index;      /* in this process, from 1, set at registration; 0: none */
    uint32_t count_slot; /* in deep_profile_counts; 0: not counted */
    const struct dp_site_desc *desc;
};

/* The plugin builds these structs by hand (plugin/site.cc). `desc` of a site and `abi` stay where
 * they are in every version, and a site keeps its size: `doctor` reads them in any program. */
#ifdef __cplusplus
#define DP_ABI_ASSERT(x) static_assert(x, #x)
#else
#define DP_ABI_ASSERT(x) _Static_assert(x, #x)
#endif
#if defined __LP64__
DP_ABI_ASSERT(sizeof(struct dp_site) == 32);
DP_ABI_ASSERT(offsetof(struct dp_site, slow_after) == 8);
DP_ABI_ASSERT(offsetof(struct dp_site, index) == 16);
DP_ABI_ASSERT(offsetof(struct dp_site, desc) == 24);
DP_ABI_ASSERT(sizeof(struct dp_site_desc) == 40);
DP_ABI_ASSERT(offsetof(struct dp_site_desc, abi) == 28);
DP_ABI_ASSERT(sizeof(struct dp_site_attribute) == 16);
#endif

#endif
