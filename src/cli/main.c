/* main.c - the program `filigree': finds the subcommand.
 *
 * SPDX-License-Identifier: MIT
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "console.h"
#include "options.h"

static const struct command {
    const char *name;
    const char *full_name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"train", "filigree train", command_train, "Train a network"},
    {"eval", "filigree eval", command_eval, "Measure the accuracy of a trained network"},
    {"predict", "filigree predict", command_predict, "Say which class each image belongs to"},
    {"plan", "filigree plan", command_plan, "Print a network's layers, sources and memory"},
    {"devices", "filigree devices", command_devices, "List the OpenCL devices"},
    {"probe", "filigree probe", command_probe,
     "Compute a test case for another implementation"},
    {"tune", "filigree tune", command_tune, "Find out what computes a network fastest"},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void print_version(FILE *stream, struct argp_state *state)
{
    (void)state;
    fprintf(stream, "filigree %s\n", fg_version());
}

/* Leaves the place of the subcommand in *input; what follows is the subcommand's. */
static error_t parse_option(int key, char *text, struct argp_state *state)
{
    (void)text;
    if (key == ARGP_KEY_NO_ARGS)
        usage_fail("a command is missing; --help lists them");
    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    *(int *)state->input = state->next - 1;
    state->next = state->argc;
    return 0;
}

/* argp prints the commands as its options of documentation. */
static int find_command(int argc, char **argv)
{
    struct argp_option list[COMMANDS + 2] = {{NULL, 0, NULL, 0, "Commands:", 1}};
    for (size_t i = 0; i < COMMANDS; ++i)
        list[i + 1] = (struct argp_option){
            commands[i].name, 0, NULL, OPTION_DOC | OPTION_NO_USAGE, commands[i].summary, 0};
    const struct argp argp = {
        list,
        parse_option,
        "COMMAND [OPTION...]",
        "Trains and runs sparsely aggregated convolutional networks on OpenCL devices."
        "\v`filigree COMMAND --help' lists the options of a command.",
        NULL,
        NULL,
        NULL};
    int at = 0;
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &at);
    return at;
}

/* Results that did not reach standard output are no success. */
static int close_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    console_error("standard output: %s", strerror(errno));
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    argp_err_exit_status = EXIT_USAGE;
    argp_program_version_hook = print_version;
    program_invocation_name = "filigree";

    const int at = find_command(argc, argv);
    for (size_t i = 0; i < COMMANDS; ++i) {
        if (strcmp(argv[at], commands[i].name) != 0)
            continue;
        program_invocation_name = (char *)commands[i].full_name;
        argv[at] = program_invocation_name;
        console_start();
        return close_output(commands[i].run(argc - at, argv + at));
    }
    usage_fail("there is no command '%s'; --help lists them", argv[at]);
}
