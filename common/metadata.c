/* See metadata.h. */
#include "metadata.h"

#include <string.h>

#include "events.h"

/* Writes a TSDL string literal: C's rules; every doubtful byte as three octal digits. */
static void write_literal(struct dp_text *out, const char *string)
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

static void write_uuid(struct dp_text *out, const uint8_t uuid[16])
{
    dp_text_char(out, '"');
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            dp_text_char(out, '-');
        dp_text_hex(out, uuid[i], 2);
    }
    dp_text_char(out, '"');
}

/* Writes a typealias integer; `alignment` in bits. */
static void write_alias(struct dp_text *out, const char *name, unsigned bits,
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

static void write_label(struct dp_text *out, const char *label, uint32_t value)
{
    dp_text_string(out, "    ");
    write_literal(out, label);
    dp_text_string(out, " = ");
    dp_text_u64(out, value);
    dp_text_string(out, ",\n");
}

static void write_enumeration(struct dp_text *out, const struct dp_enumeration *enumeration)
{
    dp_text_string(out, "enum ");
    dp_text_string(out, enumeration->name);
    dp_text_string(out, " : u32 {\n");
    for (uint32_t i = 0; i < enumeration->count; i++)
        write_label(out, enumeration->labels[i], i);
    dp_text_string(out, "};\n");
}

static void write_types(struct dp_text *out)
{
    const char *is_unsigned = "signed = false;";

    write_alias(out, "u8", 8, 8, is_unsigned);
    write_alias(out, "u32", 32, 8, is_unsigned);
    write_alias(out, "i32", 32, 8, "signed = true;");
    write_alias(out, "u64", 64, 8, is_unsigned);
    write_alias(out, "i64", 64, 8, "signed = true;");
    write_alias(out, "event_id", DP_ID_BITS, 1, is_unsigned);
    write_alias(out, "wide_id", 32, 8 * DP_RECORD_ALIGN, is_unsigned);
    for (size_t i = 0; dp_enumerations[i]; i++)
        write_enumeration(out, dp_enumerations[i]);
}

/* Writes the types that use the clock, which must be declared before them. */
static void write_times(struct dp_text *out)
{
    const char *is_time = "signed = false; map = clock.monotonic.value;";

    write_alias(out, "compact_time", DP_TIME_BITS, 1, is_time);
    write_alias(out, "wide_time", 64, 8 * DP_RECORD_ALIGN, is_time);
}

static void write_trace(struct dp_text *out, const struct dp_metadata_info *info)
{
    dp_text_string(out, "\ntrace {\n"
                        "    major = 1;\n"
                        "    minor = 8;\n"
                        "    uuid = ");
    write_uuid(out, info->uuid);
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
    write_literal(out, info->program);
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
 * Records start at multiples of DP_RECORD_ALIGN, the alignment of the header. The names
 * events_discarded and packet_seq_num are avoided, since babeltrace2 calculates with fields
 * of those names: ours continue across a lane's segments and are stale in prepared packets,
 * so its results would be wrong. `lost` events have the losses.
 */
static void write_stream(struct dp_text *out)
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

/* Writes an integer type without a name: for bit fields, and for addresses in base 16. */
static void write_integer(struct dp_text *out, unsigned bits, unsigned alignment,
                          const char *attributes)
{
    dp_text_string(out, "integer { size = ");
    dp_text_u64(out, bits);
    dp_text_string(out, "; align = ");
    dp_text_u64(out, alignment);
    dp_text_string(out, "; signed = false;");
    dp_text_string(out, attributes);
    dp_text_string(out, " }");
}

static void write_type(struct dp_text *out, const struct dp_event_row *row)
{
    static const char *const names[] = {
        [DP_ROW_u8] = "u8",   [DP_ROW_u32] = "u32", [DP_ROW_i32] = "i32",
        [DP_ROW_u64] = "u64", [DP_ROW_i64] = "i64",
    };

    if (row->role == DP_ROW_TEXT) {
        dp_text_string(out, "string");
    } else if (row->role == DP_ROW_BITS) {
        write_integer(out, row->bits, 1, "");
    } else if (row->unit == DP_IN_LABEL) {
        dp_text_string(out, "enum ");
        dp_text_string(out, row->labels->name);
    } else if (row->unit == DP_IN_ADDRESS) {
        write_integer(out, row->bits, 8, " base = 16;");
    } else {
        dp_text_string(out, names[row->type]);
    }
}

static void write_field(struct dp_text *out, const struct dp_event_row *row)
{
    dp_text_string(out, "        ");
    write_type(out, row);
    dp_text_char(out, ' ');
    dp_text_string(out, row->name);
    if (row->role == DP_ROW_ARRAY) {
        dp_text_char(out, '[');
        dp_text_string(out, row->length);
        dp_text_char(out, ']');
    }
    dp_text_string(out, ";\n");
}

static void write_event(struct dp_text *out, uint32_t id, const struct dp_event_shape *shape)
{
    dp_text_string(out, "\nevent {\n    name = ");
    write_literal(out, shape->name);
    dp_text_string(out, ";\n    id = ");
    dp_text_u64(out, id);
    dp_text_string(out, ";\n    stream_id = 0;\n    fields := struct {\n");
    for (const struct dp_event_row *row = shape->rows; row->role != DP_ROW_END; row++)
        if (dp_row_is_field(row))
            write_field(out, row);
    dp_text_string(out, "    };\n};\n");
}

void dp_metadata_write(struct dp_text *out, const struct dp_metadata_info *info)
{
    dp_text_string(out, "/* CTF 1.8 */\n\n"
                        "/* Written by deep-profile; see its docs/log-format.md. */\n\n");
    write_types(out);
    write_trace(out, info);
    write_times(out);
    write_stream(out);
    for (uint32_t id = 0; id < DP_EVENT_IDS; id++)
        if (dp_event_shape(id))
            write_event(out, id, dp_event_shape(id));
}
