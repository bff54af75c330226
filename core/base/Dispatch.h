// Run-time choice of instructions for our own hot loops.
#pragma once

// Marks a free function to be compiled twice, for any x86-64 and for one with AVX2 and FMA; the
// loader picks. A macro because attributes cannot be named otherwise. Never on templates or inline
// functions in headers (the linker may keep either copy), and off under sanitizers, whose
// instrumented resolvers run before their runtime is ready. The level x86-64-v3 is asked for by
// features; a processor's name ("arch=haswell") would choose the fast copy on that one model only.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define ORRERY_FOR_EACH_CPU __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define ORRERY_FOR_EACH_CPU
#endif
