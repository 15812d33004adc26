/* tuning_line.c - see tuning_line.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/tuning_line.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/piece.h"

#define FIELDS 8
#define MOST_MS 1e9

static const char *const origins[] = {"first-use", "tune"};

/* ---- lines ---- */

static bool parse_origin(fg_tuning_origin *out, const char *text)
{
    for (int i = 0; i < (int)(sizeof origins / sizeof *origins); ++i) {
        if (strcmp(text, origins[i]) == 0) {
            *out = (fg_tuning_origin)i;
            return true;
        }
    }
    return false;
}

/* Not as the caller's locale writes numbers: a file goes from one to another. */
static bool parse_ms(double *out, const char *text)
{
    return fg_piece_decimal(out, "ms", fg_piece_of(text), 0, MOST_MS, "") == FG_OK;
}

static void print_ms(fg_text *out, double ms)
{
    const long long units = llround(1e4 * (ms < MOST_MS ? ms : MOST_MS));
    fg_text_append(out, "\t%lld.%04lld", units / 10000, units % 10000);
}

/* Whether it is text; a device's name may be in any language. */
static bool is_printable(const char *text)
{
    for (; *text != '\0'; ++text)
        if (iscntrl((unsigned char)*text) && *text != '\t')
            return false;
    return true;
}

bool fg_tuning_line_parse(fg_tuning_line *out, char *text)
{
    const char *fields[FIELDS];
    int count = 0;

    if (!is_printable(text))
        return false;
    for (char *tab; count < FIELDS - 1 && (tab = strchr(text, '\t')) != NULL; text = tab + 1) {
        *tab = '\0';
        fields[count++] = text;
    }
    fields[count++] = text;
    if (count != FIELDS || strchr(text, '\t') != NULL)
        return false;
    *out = (fg_tuning_line){.device = fields[0],
                            .driver = fields[1],
                            .library = fields[2],
                            .operation = fields[4],
                            .choice = fields[5]};
    return parse_origin(&out->origin, fields[3]) && parse_ms(&out->before_ms, fields[6]) &&
           parse_ms(&out->after_ms, fields[7]) && out->operation[0] != '\0';
}

void fg_tuning_name(char out[FG_NAME_LENGTH], const char *name)
{
    snprintf(out, FG_NAME_LENGTH, "%s", name);
    for (; *out != '\0'; ++out)
        if (iscntrl((unsigned char)*out))
            *out = ' ';
}

void fg_tuning_line_print(fg_text *out, const fg_tuning_line *line)
{
    fg_text_append(out, "%s\t%s\t%s\t%s\t%s\t%s", line->device, line->driver, line->library,
                   origins[line->origin], line->operation, line->choice);
    print_ms(out, line->before_ms);
    print_ms(out, line->after_ms);
    fg_text_append(out, "\n");
}

/* ---- choices ---- */

static bool parse_direct(fg_tuning_choice *out, const char *text)
{
    int end = -1;

    sscanf(text, "direct tile=%4dx%4d pixels=%6d%n", &out->tiling.channels,
           &out->tiling.vectors, &out->tiling.pixels, &end);
    if (end < 0)
        return false;
    text += end;
    if (*text == '\0')
        return true;
    end = -1;
    sscanf(text, " lanes=%4d%n", &out->lane_vectors, &end);
    return end >= 0 && text[end] == '\0';
}

bool fg_tuning_choice_parse(fg_tuning_choice *out, const char *text)
{
    *out = (fg_tuning_choice){0};
    if (strcmp(text, FG_TUNING_DONE) == 0)
        return true;
    for (int i = FG_ALGORITHM_DIRECT + 1; i < FG_ALGORITHMS; ++i) {
        if (strcmp(text, fg_algorithm_names[i]) == 0) {
            out->algorithm = (fg_algorithm)i;
            return true;
        }
    }
    return parse_direct(out, text);
}

void fg_tuning_choice_print(fg_text *out, fg_conv_part part, const fg_tuning_choice *choice)
{
    fg_text_append(out, "%s", fg_algorithm_names[choice->algorithm]);
    if (choice->algorithm != FG_ALGORITHM_DIRECT)
        return;
    fg_text_append(out, " tile=%dx%d pixels=%d", choice->tiling.channels,
                   choice->tiling.vectors, choice->tiling.pixels);
    if (part == FG_CONV_PART_BACKWARD)
        fg_text_append(out, " lanes=%d", choice->lane_vectors);
}

void fg_tuning_operation(fg_text *out, fg_conv_part part, const fg_conv_shape *shape)
{
    fg_text_append(out,
                   "%s side=%d stride=%d groups=%d in=%d out=%d map=%dx%d images=%d "
                   "in_place=%d dropout=%d,%d",
                   fg_conv_part_name(part), shape->side, shape->stride, shape->groups,
                   shape->in_channels, shape->out_channels, shape->in_height, shape->in_width,
                   shape->images, shape->in_place, (int)shape->in_dropout,
                   (int)shape->out_dropout);
    if (shape->pooled)
        fg_text_append(out, " pooled=1");
    if (part == FG_CONV_PART_BACKWARD)
        fg_text_append(out, " data=%d", shape->data);
}
