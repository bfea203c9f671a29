// optimus: verdict=accepted options.flags=["--use", "ANSWER=42", "-Ospeed"]
// optimus: args=["a b", "-c"] expect="42 a b -c\n"
console.log(ANSWER.toString() + " " + process.argv.slice(1).join(" "));
