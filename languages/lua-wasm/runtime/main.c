/* The interpreter of Lua programs inside WebAssembly: `lua FILE [ARGUMENT …]`, `lua -p FILE …` checks syntax, `lua -v`. */

#include <stdio.h>
#include <string.h>

#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

static int with_traceback(lua_State *L) {
    luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
    return 1;
}

static int report(lua_State *L) {
    fprintf(stderr, "lua: %s\n", lua_tostring(L, -1));
    return 1;
}

static int check(lua_State *L, int count, char **files) {
    int failed = 0;
    for (int i = 0; i < count; i++)
        if (luaL_loadfile(L, files[i]) != LUA_OK)
            failed = report(L);
    return failed;
}

/* As the manual of `lua` has it: `arg` holds the program at 0 and its arguments from 1, which `...` are, too. */
static int run(lua_State *L, int count, char **words) {
    lua_createtable(L, count - 1, 1);
    for (int i = 0; i < count; i++) {
        lua_pushstring(L, words[i]);
        lua_rawseti(L, -2, i);
    }
    lua_setglobal(L, "arg");
    lua_pushcfunction(L, with_traceback);
    if (luaL_loadfile(L, words[0]) != LUA_OK)
        return report(L);
    for (int i = 1; i < count; i++)
        lua_pushstring(L, words[i]);
    return lua_pcall(L, count - 1, 0, -count - 1) == LUA_OK ? 0 : report(L);
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "-v") == 0)
        return puts(LUA_RELEASE) == EOF;
    if (argc < 2 || (argv[1][0] == '-' && (strcmp(argv[1], "-p") != 0 || argc < 3))) {
        fputs("usage: lua FILE [ARGUMENT ...] | lua -p FILE ... | lua -v\n", stderr);
        return 2;
    }
    lua_State *L = luaL_newstate();
    if (L == NULL) {
        fputs("lua: not enough memory\n", stderr);
        return 1;
    }
    luaL_openlibs(L);
    int failed = argv[1][0] == '-' ? check(L, argc - 2, argv + 2) : run(L, argc - 1, argv + 1);
    lua_close(L);
    return failed;
}
