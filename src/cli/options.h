/* options.h - strict reading of option values, and the texts that both ways of output share.
 *
 * A value that cannot be read ends the program: one line that names the option, the value and
 * what is allowed, exit status 2.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CLI_OPTIONS_H
#define FG_CLI_OPTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filigree.h"

/* Option keys from here on have no one-letter form. */
#define OPTION_FIRST_KEY 256

/* What --device says of itself in every command that opens one. */
#define OPTION_DEVICE_HELP                                                                     \
    "Device to use: its number in `filigree devices', or a part of its platform's or its own " \
    "name (default: FG_DEVICE, else the first)"

/* One line, exit status 2. */
_Noreturn void usage_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the program unless value is there: "--data is missing". */
void option_require(const char *option, const void *value);

/* text, unless it is empty, as that of a shell's unset variable. kind: "file" or "folder". */
const char *option_path(const char *option, const char *text, const char *kind);

int option_int(const char *option, const char *text, int low, int high);
uint64_t option_seed(const char *option, const char *text);

/* A finite number, low <= value <= high; the range is named in the message. */
float option_number(const char *option, const char *text, double low, double high);

/* The same without one end of the range. */
float option_number_but(const char *option, const char *text, double low, double high,
                        double without);

/* The index of text in names, which NULL ends. */
int option_choice(const char *option, const char *text, const char *const *names);

/* "mean,..:deviation,..", one of each per channel. */
fg_normalisation option_normalisation(const char *option, const char *text);

/* "BYTES[,BYTES]", with k, M, G (powers of 1000) or Ki, Mi, Gi (of 1024) behind a number.
 * bytes[1] is 0 where there is no second one. */
void option_limits(const char *option, const char *text, size_t bytes[2]);

/* "fast", "lean" or bytes as above: a memory_target of the library. */
size_t option_memory(const char *option, const char *text);

/* Ends the program where such a target is given for inference. */
void option_memory_check(const char *option, size_t target, bool training);

/* What --memory says of itself. */
#define OPTION_MEMORY_HELP                                                                  \
    "What is kept for backward: fast, all of it (this is the default); lean, as little as " \
    "can "                                                                                  \
    "be; or so much that training needs no more than BYTES, with k, M, G, Ki, Mi or Gi. "   \
    "Outputs "                                                                              \
    "of 1x1 convolutions are computed again instead; results are the same to the last bit"

/* Strict readers behind them: true if all of text is one value that fits. */
bool parse_whole(uint64_t *out, const char *text);
bool parse_number(double *out, const char *text);

/* Splits text at separator into at most limit parts, in place; returns their count, limit + 1
 * when there are more. */
int split_text(char *text, char separator, char **parts, int limit);

/* A copy; out of memory ends the program. */
char *copy_text(const char *text);

/* "375.2 MB". out holds SIZE_TEXT bytes; returns out. */
#define SIZE_TEXT 32
char *size_text(char *out, size_t bytes);

/* Writes root to standard output, indented, and gives it up. NULL, which is what jansson makes
 * when memory runs out, is a failure. Returns the exit status. */
int print_json(json_t *root);

#endif
