/* options.c - strict reading of option values, and the texts that both ways of output share.
 *
 * The program never sets a locale, so a decimal point is a point.
 *
 * SPDX-License-Identifier: MIT
 */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"

void usage_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s: ", program_invocation_name);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(EXIT_USAGE);
}

void option_require(const char *option, const void *value)
{
    if (value == NULL)
        usage_fail("--%s is missing; --help lists the options", option);
}

const char *option_path(const char *option, const char *text, const char *kind)
{
    if (text[0] == '\0')
        usage_fail("--%s is '', expected the name of a %s", option, kind);
    return text;
}

bool parse_whole(uint64_t *out, const char *text)
{
    if (!isdigit((unsigned char)text[0])) /* strtoull takes blanks and signs */
        return false;
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

bool parse_number(double *out, const char *text)
{
    /* strtod also takes blanks, hexadecimal, "inf" and "nan". */
    if (text[0] == '\0' || text[strspn(text, "+-.0123456789eE")] != '\0')
        return false;
    char *end;
    errno = 0;
    *out = strtod(text, &end);
    return errno == 0 && *end == '\0' && isfinite(*out);
}

int option_int(const char *option, const char *text, int low, int high)
{
    uint64_t value;
    if (!parse_whole(&value, text) || value < (uint64_t)low || value > (uint64_t)high)
        usage_fail("--%s is '%s', expected a whole number %d..%d", option, text, low, high);
    return (int)value;
}

uint64_t option_seed(const char *option, const char *text)
{
    uint64_t value;
    if (!parse_whole(&value, text))
        usage_fail("--%s is '%s', expected a whole number 0..%llu", option, text,
                   (unsigned long long)UINT64_MAX);
    return value;
}

float option_number(const char *option, const char *text, double low, double high)
{
    double value;
    if (!parse_number(&value, text) || value < low || value > high)
        usage_fail("--%s is '%s', expected a number %g..%g", option, text, low, high);
    return (float)value;
}

/* What a float makes of the number counts: 1e-99 is 0. */
float option_number_but(const char *option, const char *text, double low, double high,
                        double without)
{
    double value;
    if (!parse_number(&value, text) || value < low || value > high ||
        (float)value == (float)without)
        usage_fail("--%s is '%s', expected a number %g..%g, but not %g", option, text, low,
                   high, without);
    return (float)value;
}

int option_choice(const char *option, const char *text, const char *const *names)
{
    char allowed[256] = "";
    for (int i = 0; names[i] != NULL; ++i) {
        if (strcmp(text, names[i]) == 0)
            return i;
        const size_t used = strlen(allowed);
        snprintf(allowed + used, sizeof allowed - used, "%s%s", i == 0 ? "" : ", ", names[i]);
    }
    usage_fail("--%s is '%s', expected one of %s", option, text, allowed);
}

char *copy_text(const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL) {
        console_error("host memory ran out");
        exit(EXIT_FAILURE);
    }
    return copy;
}

int split_text(char *text, char separator, char **parts, int limit)
{
    int count = 0;
    for (char *part = text; part != NULL;) {
        if (count == limit)
            return limit + 1;
        parts[count++] = part;
        part = strchr(part, separator);
        if (part != NULL)
            *part++ = '\0';
    }
    return count;
}

/* Reads "a,b,.." into values; returns how many, 0 when one of them is no number above low. */
static int parse_list(float *values, char *text, double low)
{
    char *parts[FG_MAX_IMAGE_CHANNELS];
    const int count = split_text(text, ',', parts, FG_MAX_IMAGE_CHANNELS);
    if (count > FG_MAX_IMAGE_CHANNELS)
        return 0;
    for (int i = 0; i < count; ++i) {
        double value;
        if (!parse_number(&value, parts[i]) || value < low || value > 1e6)
            return 0;
        values[i] = (float)value;
    }
    return count;
}

fg_normalisation option_normalisation(const char *option, const char *text)
{
    fg_normalisation normalisation = {0, {0}, {0}};
    char *copy = copy_text(text);
    char *halves[2];
    int deviations = 0;

    if (split_text(copy, ':', halves, 2) == 2) {
        normalisation.channels = parse_list(normalisation.mean, halves[0], -1e6);
        deviations = parse_list(normalisation.deviation, halves[1], 1e-6);
    }
    free(copy);
    if (normalisation.channels == 0 || normalisation.channels != deviations)
        usage_fail(
            "--%s is '%s', expected mean,..:deviation,.. with as many deviations (1e-06 or "
            "more) as means, at most %d",
            option, text, FG_MAX_IMAGE_CHANNELS);
    return normalisation;
}

/* A whole number of bytes with an optional unit; 0 is not accepted. */
static bool parse_bytes(size_t *out, char *text)
{
    static const struct {
        const char *name;
        uint64_t bytes;
    } units[] = {{"", 1},
                 {"k", 1000},
                 {"M", 1000000},
                 {"G", 1000000000},
                 {"Ki", UINT64_C(1) << 10},
                 {"Mi", UINT64_C(1) << 20},
                 {"Gi", UINT64_C(1) << 30}};
    char *unit = text + strspn(text, "0123456789");
    for (size_t i = 0; i < sizeof units / sizeof units[0]; ++i) {
        if (strcmp(unit, units[i].name) != 0)
            continue;
        uint64_t count;
        *unit = '\0';
        if (!parse_whole(&count, text) || count == 0 || count > SIZE_MAX / units[i].bytes)
            return false;
        *out = (size_t)(count * units[i].bytes);
        return true;
    }
    return false;
}

void option_limits(const char *option, const char *text, size_t bytes[2])
{
    char *copy = copy_text(text);
    char *parts[2];
    const int count = split_text(copy, ',', parts, 2);
    bool good = count <= 2;

    bytes[1] = 0;
    for (int i = 0; good && i < count; ++i)
        good = parse_bytes(&bytes[i], parts[i]);
    free(copy);
    if (!good)
        usage_fail(
            "--%s is '%s', expected BYTES or BYTES,BYTES, each with an optional k, M, G, "
            "Ki, Mi or Gi",
            option, text);
}

size_t option_memory(const char *option, const char *text)
{
    if (strcmp(text, "fast") == 0)
        return FG_MEMORY_FAST;
    if (strcmp(text, "lean") == 0)
        return FG_MEMORY_LEAN;
    char *copy = copy_text(text);
    size_t bytes;
    const bool good = parse_bytes(&bytes, copy);
    free(copy);
    if (!good || bytes == FG_MEMORY_LEAN)
        usage_fail(
            "--%s is '%s', expected fast, lean or BYTES, 2 or more, with an optional k, M, "
            "G, Ki, Mi or Gi",
            option, text);
    return bytes;
}

void option_memory_check(const char *option, size_t target, bool training)
{
    if (!training && target != FG_MEMORY_FAST)
        usage_fail("--%s is what training keeps for backward; leave it out for inference",
                   option);
}

char *size_text(char *out, size_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    if (bytes < 1000) {
        snprintf(out, SIZE_TEXT, "%zu B", bytes);
        return out;
    }
    double value = (double)bytes / 1000;
    int unit = 0;
    for (; value >= 999.95 && unit < 3; ++unit)
        value /= 1000;
    snprintf(out, SIZE_TEXT, "%.1f %s", value, units[unit]);
    return out;
}

int print_json(json_t *root)
{
    char *text =
        root == NULL ? NULL : json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    json_decref(root);
    if (text == NULL) {
        console_error("host memory ran out, or a value has no JSON form");
        return EXIT_FAILURE;
    }
    puts(text);
    free(text);
    return EXIT_SUCCESS;
}
