/* Included before every source of Lua: WASI starts no processes and has no names for temporary files. */

#include <stdio.h>
#include <stdlib.h>

#define system(command) ((command) ? -1 : 0)
#define tmpfile() NULL
#define tmpnam(name) NULL
