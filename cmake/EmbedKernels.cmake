# EmbedKernels.cmake - writes every kernel source of cl/kernels.def into one C file.
#
#     cmake -D CL_DIR=cl -D OUTPUT=embedded.c -P EmbedKernels.cmake
#
# Quoted includes are pasted, each header once, between #line directives, so that a driver's messages
# name the real file and line. A header is pasted where it is first named, which must therefore not
# lie inside an #if. The texts become byte arrays: compilers limit the length of string literals.
# A last source, "plain", is all files of plain kernels, one behind the other.
#
# SPDX-License-Identifier: MIT
cmake_minimum_required(VERSION 3.18)

# Sets out to the text of CL_DIR/file with its includes pasted. The global property EMBEDDED lists the
# headers that were.
function(paste out file)
  file(READ "${CL_DIR}/${file}" rest)
  set(text "#line 1 \"${file}\"\n")
  set(line 1)
  while(rest MATCHES "(^|\n)(#include \"([^\"\n]+)\"[^\n]*\n)")
    set(include "${CMAKE_MATCH_2}")
    set(header "${CMAKE_MATCH_3}")
    string(FIND "${rest}" "${include}" start)
    string(SUBSTRING "${rest}" 0 ${start} before)
    string(LENGTH "${include}" length)
    math(EXPR start "${start} + ${length}")
    string(SUBSTRING "${rest}" ${start} -1 rest)

    string(REGEX MATCHALL "\n" ends "${before}${include}")
    list(LENGTH ends lines)
    math(EXPR line "${line} + ${lines}")
    string(APPEND text "${before}")

    get_property(done GLOBAL PROPERTY EMBEDDED)
    if(NOT header IN_LIST done)
      set_property(GLOBAL APPEND PROPERTY EMBEDDED "${header}")
      paste(pasted "${header}")
      string(APPEND text "${pasted}")
    endif()
    string(APPEND text "#line ${line} \"${file}\"\n")
  endwhile()
  set(${out} "${text}${rest}" PARENT_SCOPE)
endfunction()

# Sets out to the files of kernels.def whose kernels stand in a macro of this name.
function(list_files out macro)
  file(STRINGS "${CL_DIR}/kernels.def" lines REGEX "^${macro}\\(")
  list(TRANSFORM lines REPLACE "^[A-Z_]+\\(([a-z0-9_]+),.*" "\\1")
  list(REMOVE_DUPLICATES lines)
  set(${out} "${lines}" PARENT_SCOPE)
endfunction()

list_files(all "FG_(PLAIN_)?KERNEL")
list_files(plain "FG_PLAIN_KERNEL")

set(arrays "")
set(table "")
foreach(name IN LISTS all ITEMS plain)
  set(files "${name}")
  if(name STREQUAL "plain")
    set(files "${plain}")
  endif()
  set_property(GLOBAL PROPERTY EMBEDDED "")
  set(text "")
  foreach(file IN LISTS files)
    paste(pasted "${file}.cl")
    string(APPEND text "${pasted}")
  endforeach()
  string(HEX "${text}" hex)
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1, " hex "${hex}")
  string(APPEND arrays "static const unsigned char ${name}_source[] = {\n${hex}0x00};\n\n")
  string(APPEND table "    {\"${name}\", (const char *)${name}_source},\n")
endforeach()

file(WRITE "${OUTPUT}"
  "/* Kernel sources, embedded by cmake/EmbedKernels.cmake. */\n"
  "#include \"device/embedded.h\"\n\n"
  "${arrays}"
  "const fg_embedded_file fg_embedded_files[] = {\n${table}    {NULL, NULL}};\n")
