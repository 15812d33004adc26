# WriteCommit.cmake - writes the commit that is checked out as a C header, when it has changed.
#
#     cmake -D SOURCE_DIR=. -D OUTPUT=commit.h -P WriteCommit.cmake
#
# Run by every build: what was true when the build folder was made need not be true any more.
#
# SPDX-License-Identifier: MIT
cmake_minimum_required(VERSION 3.18)

execute_process(COMMAND git describe --always --dirty
  WORKING_DIRECTORY ${SOURCE_DIR}
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
  set(commit unknown)
endif()
set(text "#define FG_COMMIT \"${commit}\"\n")
set(before "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} before)
endif()
if(NOT before STREQUAL text)
  file(WRITE ${OUTPUT} "${text}")
endif()
