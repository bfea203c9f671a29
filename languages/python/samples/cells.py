# optimus: verdict=accepted options.cells=true
# optimus: compare={"regex":"(?s)\\{\"type\": \"ready\"\\}\\n.*\"text\": \"41\\\\n\".*\"text/plain\": \"42\".*\"ZeroDivisionError\".*\"status\": \"error\", \"alive\": true\\}\\n"}
# optimus: stdin="{\"output_bytes\": 65536}\n{\"source\": \"x = 41\", \"limit_ms\": 0}\n{\"source\": \"print(x)\\nx + 1\", \"limit_ms\": 9000}\n{\"source\": \"x / 0\", \"limit_ms\": 0}\n" expect=""
