/*
 * deep-profile: what a program includes.
 *
 * Put a macro in front of a function, on its definition or on a declaration
 * that the definition sees, and compile with deep-profile-cc:
 *
 *     DEEP_PROFILE_IF_SLOW(500ms)
 *     int query(struct db *db);
 *
 * Options are key=value, separated by commas, without quotes unless a value
 * holds a comma or a blank: DEEP_PROFILE(rate=0.5, env=dev|test). They are
 * checked while compiling; docs/options.md lists them. Several macros may stand
 * on one function. Without deep-profile-cc they are nothing at all, so this header may
 * stay in the source.
 */
#ifndef DEEP_PROFILE_H
#define DEEP_PROFILE_H

#if defined __has_attribute
#if __has_attribute(profile_production) && __has_attribute(profile_if_slow)
#define DEEP_PROFILE_PLUGIN 1
#endif
#endif

/*
 * The macros stringify the options as written, without expanding their words, since a
 * program may have macros of the same names (linux, test, rate). The reserved spelling of
 * the attributes avoids the program's macros, too.
 */
/* C89 has no variadic macros, but every compiler has them; __extension__ keeps
 * -pedantic-errors quiet. */
#ifdef __GNUC__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wvariadic-macros"
#endif

#ifdef DEEP_PROFILE_PLUGIN

/* Profiles a share of the calls: rate, strategy, duration, threshold, env, … */
#define DEEP_PROFILE(...) __attribute__((__profile__(#__VA_ARGS__)))
/* Reports calls that take longer than a threshold, the first option. */
#define DEEP_PROFILE_IF_SLOW(...) __attribute__((__profile_if_slow__(#__VA_ARGS__)))
/* Profiles few calls, and none while the machine is under load. */
#define DEEP_PROFILE_PRODUCTION(...) __attribute__((__profile_production__(#__VA_ARGS__)))
/* Counts what each call allocates and frees. */
#define DEEP_PROFILE_MEMORY(...) __attribute__((__profile_memory__(#__VA_ARGS__)))
/* Counts the calls exactly. */
#define DEEP_PROFILE_CALLS(...) __attribute__((__profile_calls__(#__VA_ARGS__)))
/* Draws a flame graph of the calls. */
#define DEEP_PROFILE_FLAME_GRAPH(...) __attribute__((__flame_graph__(#__VA_ARGS__)))

#elif defined __DEEP_PROFILE_FALLBACK__ /* by deep-profile-cc, for a compiler without a plugin */

/* An attribute that the compiler knows and carries along: deep-profile-cc finds its text in
 * what the compiler makes of the file. */
#ifdef __clang__
#define DEEP_PROFILE_CARRIER(text) __attribute__((__annotate__("deep_profile:" text)))
#else
#define DEEP_PROFILE_CARRIER(text) __attribute__((__warning__("deep_profile:" text)))
#endif

#define DEEP_PROFILE(...) DEEP_PROFILE_CARRIER("profile:" #__VA_ARGS__)
#define DEEP_PROFILE_IF_SLOW(...) DEEP_PROFILE_CARRIER("profile_if_slow:" #__VA_ARGS__)
#define DEEP_PROFILE_PRODUCTION(...) DEEP_PROFILE_CARRIER("profile_production:" #__VA_ARGS__)
#define DEEP_PROFILE_MEMORY(...) DEEP_PROFILE_CARRIER("profile_memory:" #__VA_ARGS__)
#define DEEP_PROFILE_CALLS(...) DEEP_PROFILE_CARRIER("profile_calls:" #__VA_ARGS__)
#define DEEP_PROFILE_FLAME_GRAPH(...) DEEP_PROFILE_CARRIER("flame_graph:" #__VA_ARGS__)

#else

#define DEEP_PROFILE(...)
#define DEEP_PROFILE_IF_SLOW(...)
#define DEEP_PROFILE_PRODUCTION(...)
#define DEEP_PROFILE_MEMORY(...)
#define DEEP_PROFILE_CALLS(...)
#define DEEP_PROFILE_FLAME_GRAPH(...)

#endif

#ifdef __GNUC__
#pragma GCC diagnostic pop
#endif

#endif
