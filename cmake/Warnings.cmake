# Warnings.cmake - the warning set, once.
#
# SPDX-License-Identifier: MIT
add_compile_options(-Wall -Wextra -Wshadow -Wconversion -Wdouble-promotion
  "$<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes;-Wmissing-prototypes>")
if(FILIGREE_WERROR)
  add_compile_options(-Werror)
endif()
