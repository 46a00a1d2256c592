/*
 * Exit statuses, part of the public interface.
 *
 * Functions of the tool that return "an exit status" return one of these.
 */
#ifndef DP_TOOLS_EXIT_H
#define DP_TOOLS_EXIT_H

enum dp_exit { DP_EXIT_OK, DP_EXIT_CHECK, DP_EXIT_USAGE, DP_EXIT_DATA };

#endif
