/* commands.h - the subcommands: each parses its own options and returns the exit status.
 *
 * argv[0] is "filigree COMMAND".
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CLI_COMMANDS_H
#define FG_CLI_COMMANDS_H

int command_train(int argc, char **argv);
int command_eval(int argc, char **argv);
int command_predict(int argc, char **argv);
int command_plan(int argc, char **argv);
int command_devices(int argc, char **argv);
int command_probe(int argc, char **argv);
int command_tune(int argc, char **argv);

#endif
