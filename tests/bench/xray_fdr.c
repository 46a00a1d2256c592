/*
 * Switches XRay's flight data recorder on from inside: its environment variable
 * alone wrote no log with the versions tried. Linked to peers' programs only.
 * XRAY_THRESHOLD_US: its threshold, 0 for every call.
 */
#include <stdio.h>
#include <stdlib.h>

/* From xray/xray_log_interface.h and xray_interface.h, which are C++. */
int __xray_log_select_mode(const char *mode);
int __xray_log_init_mode(const char *mode, const char *options);
int __xray_patch(void);
enum { XRAY_REGISTRATION_OK = 0, XRAY_LOG_INITIALIZED = 2, XRAY_PATCH_SUCCESS = 1 };

__attribute__((constructor, xray_never_instrument)) static void start(void)
{
    const char *threshold = getenv("XRAY_THRESHOLD_US");
    char options[160];
    if (!threshold)
        return;
    snprintf(options, sizeof options,
             "func_duration_threshold_us=%s:buffer_size=1048576:buffer_max=4000:no_file_flush=true",
             threshold);
    if (__xray_log_select_mode("xray-fdr") != XRAY_REGISTRATION_OK ||
        __xray_log_init_mode("xray-fdr", options) != XRAY_LOG_INITIALIZED ||
        __xray_patch() != XRAY_PATCH_SUCCESS)
        abort();
}
