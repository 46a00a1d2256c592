/*
 * The log's file "metadata": TSDL (CTF 1.8.3) text that describes to
 * babeltrace2 and Trace Compass what log.h describes to us. The events come
 * from ../events.def, so the text cannot disagree with the structs.
 *
 * Called once a log by the runtime (and by the tests' log writer). The tool
 * reads back only the lines of `env` and `clock`. Allocates nothing.
 *
 * Field names that stand for an enum, wherever an event has them (u32):
 * kind, resource, reason, attribute, state, source.
 */
#ifndef DEEP_PROFILE_ABI_METADATA_H
#define DEEP_PROFILE_ABI_METADATA_H

#include <string.h>

#include "attribute.h"
#include "deep_profile/abi/log.h"
#include "text.h"

/* Room for any metadata text with a program path of up to 4096 bytes. */
#define DP_METADATA_BYTES 32768

struct dp_metadata_info {
    uint8_t uuid[16];            /* the one in every packet */
    uint64_t realtime_offset_ns; /* realtime = monotonic + this */
    uint32_t pid;
    const char *program; /* any bytes */
};

/* A TSDL string literal: C's rules, everything doubtful as three octal digits. */
static inline void dp_metadata_literal(struct dp_text *out, const char *string)
{
    dp_text_char(out, '"');
    for (const unsigned char *c = (const unsigned char *)string; *c; c++) {
        if (*c >= ' ' && *c < 127 && *c != '"' && *c != '\\') {
            dp_text_char(out, (char)*c);
            continue;
        }
        dp_text_char(out, '\\');
        for (int shift = 6; shift >= 0; shift -= 3)
            dp_text_char(out, (char)('0' + (*c >> shift & 7)));
    }
    dp_text_char(out, '"');
}

static inline void dp_metadata_uuid(struct dp_text *out, const uint8_t uuid[16])
{
    dp_text_char(out, '"');
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            dp_text_char(out, '-');
        dp_text_hex(out, uuid[i], 2);
    }
    dp_text_char(out, '"');
}

/* typealias integer: `alignment` in bits. */
static inline void dp_metadata_integer(struct dp_text *out, const char *name, unsigned bits,
                                       unsigned alignment, const char *attributes)
{
    dp_text_string(out, "typealias integer { size = ");
    dp_text_u64(out, bits);
    dp_text_string(out, "; align = ");
    dp_text_u64(out, alignment);
    dp_text_string(out, "; ");
    dp_text_string(out, attributes);
    dp_text_string(out, " } := ");
    dp_text_string(out, name);
    dp_text_string(out, ";\n");
}

static inline void dp_metadata_label(struct dp_text *out, const char *label, uint32_t value)
{
    dp_text_string(out, "    ");
    dp_metadata_literal(out, label);
    dp_text_string(out, " = ");
    dp_text_u64(out, value);
    dp_text_string(out, ",\n");
}

/* What metadata and JSON call the values; order as in log.h. */
static inline const char *dp_left_name(uint32_t kind)
{
    static const char *const names[] = {"return", "longjmp", "unwind", "thread_exit", "exit"};
    return kind < sizeof names / sizeof *names ? names[kind] : "unknown";
}

static inline const char *dp_resource_name(uint32_t resource)
{
    static const char *const names[] = {"cpu", "memory"};
    return resource < sizeof names / sizeof *names ? names[resource] : "unknown";
}

static inline const char *dp_loss_name(uint32_t reason)
{
    static const char *const names[] = {
#define DP_LOSS(id, name, what) name,
#include "deep_profile/losses.def"
    };
    return reason < sizeof names / sizeof *names ? names[reason] : "unknown";
}

static inline const char *dp_attribute_state_name(uint32_t state)
{
    static const char *const names[] = {"on",      "wrong_env", "disabled", "ruled_out",
                                        "by_rule", "no_events", "not_built"};
    return state < sizeof names / sizeof *names ? names[state] : "unknown";
}

static inline const char *dp_setting_source_name(uint32_t source)
{
    static const char *const names[] = {"default", "environment", "refused"};
    return source < sizeof names / sizeof *names ? names[source] : "unknown";
}

static inline void dp_metadata_enum(struct dp_text *out, const char *field, uint32_t count,
                                    const char *(*name_of)(uint32_t))
{
    dp_text_string(out, "enum ");
    dp_text_string(out, field);
    dp_text_string(out, " : u32 {\n");
    for (uint32_t i = 0; i < count; i++)
        dp_metadata_label(out, name_of(i), i);
    dp_text_string(out, "};\n");
}

static inline void dp_metadata_types(struct dp_text *out)
{
    const char *is_unsigned = "signed = false;";

    dp_metadata_integer(out, "u8", 8, 8, is_unsigned);
    dp_metadata_integer(out, "u32", 32, 8, is_unsigned);
    dp_metadata_integer(out, "i32", 32, 8, "signed = true;");
    dp_metadata_integer(out, "u64", 64, 8, is_unsigned);
    dp_metadata_integer(out, "i64", 64, 8, "signed = true;");
    dp_metadata_integer(out, "event_id", DP_ID_BITS, 1, is_unsigned);
    dp_metadata_integer(out, "wide_id", 32, 8 * DP_RECORD_ALIGN, is_unsigned);
    dp_metadata_integer(out, "call_site", DP_CALL_SITE_BITS, 1, is_unsigned);
    dp_metadata_integer(out, "call_duration", DP_CALL_DURATION_BITS, 1, is_unsigned);

    dp_metadata_enum(out, "kind", DP_LEFT_EXIT + 1, dp_left_name);
    dp_metadata_enum(out, "resource", DP_RESOURCE_MEMORY + 1, dp_resource_name);
    dp_metadata_enum(out, "reason", DP_LOSS_COUNT, dp_loss_name);
    dp_metadata_enum(out, "attribute", DP_ATTRIBUTE_COUNT, dp_attribute_name);
    dp_metadata_enum(out, "state", DP_ATTRIBUTE_STATE_COUNT, dp_attribute_state_name);
    dp_metadata_enum(out, "source", 3, dp_setting_source_name);
}

/* The types that mention the clock, which must come before them. */
static inline void dp_metadata_times(struct dp_text *out)
{
    const char *is_time = "signed = false; map = clock.monotonic.value;";

    dp_metadata_integer(out, "compact_time", DP_TIME_BITS, 1, is_time);
    dp_metadata_integer(out, "wide_time", 64, 8 * DP_RECORD_ALIGN, is_time);
}

static inline void dp_metadata_trace(struct dp_text *out, const struct dp_metadata_info *info)
{
    dp_text_string(out, "\ntrace {\n"
                        "    major = 1;\n"
                        "    minor = 8;\n"
                        "    uuid = ");
    dp_metadata_uuid(out, info->uuid);
    dp_text_string(out, ";\n"
                        "    byte_order = le;\n"
                        "    packet.header := struct {\n"
                        "        u32 magic;\n"
                        "        u8 uuid[16];\n"
                        "        u32 stream_id;\n"
                        "    };\n"
                        "};\n"
                        "\nenv {\n"
                        "    tracer_name = \"deep-profile\";\n"
                        "    log_version = ");
    dp_text_u64(out, DP_LOG_VERSION);
    dp_text_string(out, ";\n    pid = ");
    dp_text_u64(out, info->pid);
    dp_text_string(out, ";\n    program = ");
    dp_metadata_literal(out, info->program);
    dp_text_string(out, ";\n"
                        "};\n"
                        "\nclock {\n"
                        "    name = \"monotonic\";\n"
                        "    description = \"CLOCK_MONOTONIC; offset: of the wall clock\";\n"
                        "    freq = 1000000000;\n"
                        "    offset = ");
    dp_text_u64(out, info->realtime_offset_ns);
    dp_text_string(out, ";\n};\n\n");
}

/*
 * Records start at multiples of DP_RECORD_ALIGN: the header's alignment.
 *
 * Not called events_discarded and packet_seq_num, the names that babeltrace2
 * does sums with: they run on across a lane's segments and are stale in
 * prepared packets, so its sums would be wrong. `lost` events say it instead.
 */
static inline void dp_metadata_stream(struct dp_text *out)
{
    dp_text_string(out, "\nstream {\n"
                        "    id = 0;\n"
                        "    packet.context := struct {\n"
                        "        u64 packet_size;\n"
                        "        u64 content_size;\n"
                        "        wide_time timestamp_begin;\n"
                        "        u64 discarded;\n"
                        "        u64 sequence;\n"
                        "        u32 lane;\n"
                        "        u32 tid;\n"
                        "        integer { size = 8; align = 8; signed = false;"
                        " encoding = UTF8; } thread_name[16];\n"
                        "    };\n"
                        "    event.header := struct {\n"
                        "        enum : event_id { compact = 0 ... 30, extended = 31 } id;\n"
                        "        variant <id> {\n"
                        "            struct { compact_time timestamp; } compact;\n"
                        "            struct { wide_id id; wide_time timestamp; } extended;\n"
                        "        } v;\n"
                        "    } align(");
    dp_text_u64(out, 8 * DP_RECORD_ALIGN);
    dp_text_string(out, ");\n};\n");
}

static inline void dp_metadata_event(struct dp_text *out, uint32_t id, const char *name)
{
    dp_text_string(out, "\nevent {\n    name = ");
    dp_metadata_literal(out, name);
    dp_text_string(out, ";\n    id = ");
    dp_text_u64(out, id);
    dp_text_string(out, ";\n    stream_id = 0;\n    fields := struct {\n");
}

static inline void dp_metadata_field(struct dp_text *out, const char *type, const char *name)
{
    static const char *const enums[] = {"kind", "resource", "reason", "attribute", "state",
                                        "source"};
    const char *before = "";

    for (size_t i = 0; i < sizeof enums / sizeof *enums; i++) {
        if (strcmp(name, enums[i]) == 0) {
            before = "enum ";
            type = name;
        }
    }
    dp_text_string(out, "        ");
    dp_text_string(out, before);
    dp_text_string(out, type);
    dp_text_char(out, ' ');
    dp_text_string(out, name);
    dp_text_string(out, ";\n");
}

static inline void dp_metadata_events(struct dp_text *out)
{
    const char *end = "    };\n};\n";

    dp_metadata_event(out, DP_EVENT_ID_call, "call");
    dp_metadata_field(out, "call_site", "site");
    dp_metadata_field(out, "call_duration", "duration_ns");
    dp_text_string(out, end);
    dp_metadata_event(out, DP_EVENT_ID_production, "production");
    dp_metadata_field(out, "call_site", "site");
    dp_metadata_field(out, "call_duration", "duration_ns");
    dp_text_string(out, end);

#define DP_EVENT(id, name) dp_metadata_event(out, id, #name);
#define DP_FIELD(type, name) dp_metadata_field(out, #type, #name);
#define DP_TEXT(name) dp_metadata_field(out, "string", #name);
#define DP_EVENT_END(name) dp_text_string(out, end);
#include "deep_profile/events.def"
}

/* Appends the whole text; see text.h for what happens when it does not fit. */
static inline void dp_metadata_write(struct dp_text *out, const struct dp_metadata_info *info)
{
    dp_text_string(out, "/* CTF 1.8 */\n\n"
                        "/* Written by deep-profile; see its docs/log-format.md. */\n\n");
    dp_metadata_types(out);
    dp_metadata_trace(out, info);
    dp_metadata_times(out);
    dp_metadata_stream(out);
    dp_metadata_events(out);
}

#endif
