/* See findings.h. */
#include "findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

void dp_doctor_find(struct dp_doctor *doctor, enum dp_finding_level level, const char *about,
                    const char *format, ...)
{
    struct dp_finding finding = {.level = level, .about = dp_copy(about)};
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&finding.text, format, arguments) < 0)
        finding.text = dp_copy("?");
    va_end(arguments);
    doctor->findings = dp_append(doctor->findings, &doctor->n, &doctor->capacity, sizeof finding);
    doctor->findings[doctor->n - 1] = finding;
}

void dp_doctor_setting(struct dp_doctor *doctor, const char *name, const char *value,
                       uint32_t source, const char *problem)
{
    struct dp_setting_info setting = {dp_copy(name), dp_copy(value), dp_copy(problem), source};

    doctor->settings = dp_append(doctor->settings, &doctor->n_settings, &doctor->settings_capacity,
                                 sizeof setting);
    doctor->settings[doctor->n_settings - 1] = setting;
}

void dp_doctor_function(struct dp_doctor *doctor, const char *name)
{
    doctor->functions = dp_append(doctor->functions, &doctor->n_functions,
                                  &doctor->functions_capacity, sizeof *doctor->functions);
    doctor->functions[doctor->n_functions - 1] = dp_copy(name);
}

void dp_doctor_finish(struct dp_doctor *doctor)
{
    for (size_t i = 0; i < doctor->n; i++) {
        free(doctor->findings[i].about);
        free(doctor->findings[i].text);
    }
    dp_settings_free(doctor->settings, doctor->n_settings);
    for (size_t i = 0; i < doctor->n_functions; i++)
        free(doctor->functions[i]);
    free(doctor->functions);
    free(doctor->findings);
    *doctor = (struct dp_doctor){0};
}
