cmake_minimum_required(VERSION 3.25)
# Runs tests of PROGRAM that GTEST_FILTER names as another processor would compute them:
#   cmake -DPROGRAM=... -DFILTER=... -DCAPABILITY=default|avx2 -DCORE=Prescott|Haswell|Zen -DTHREADS=n -P
# CAPABILITY is what LibTorch's own kernels may use, CORE the processor that OpenBLAS takes this one for.
# What this processor cannot compute is skipped. Fewer instructions than it has are always possible.
cmake_host_system_information(RESULT platform QUERY OS_PLATFORM)
if(NOT platform MATCHES "^(x86_64|AMD64)$")
  message("SKIPPED: the instruction sets are those of x86-64")
  return()
endif()
if(CAPABILITY STREQUAL "avx2")
  file(STRINGS /proc/cpuinfo flags LIMIT_COUNT 1 REGEX "^flags.* avx2( |$)")
  if(NOT flags)
    message("SKIPPED: this processor has no AVX2")
    return()
  endif()
endif()
set(ENV{ATEN_CPU_CAPABILITY} ${CAPABILITY})
set(ENV{OPENBLAS_CORETYPE} ${CORE})
set(ENV{OMP_NUM_THREADS} ${THREADS})
execute_process(COMMAND "${PROGRAM}" "--gtest_filter=${FILTER}" RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} failed (${status}) with ${CAPABILITY}, ${CORE}, ${THREADS} threads")
endif()
