# Read by llama.cpp's build before its own project begins (.cargo/config.toml names this file).

# Its `common` library serves its own command-line programs. The bindings build it whether or not anybody asks, which
# takes as long as all the rest together; nothing here uses it.
set(LLAMA_BUILD_COMMON OFF CACHE BOOL "" FORCE)
