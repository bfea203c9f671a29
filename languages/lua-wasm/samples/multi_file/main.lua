-- optimus: verdict=accepted expect="42\n"
print((require("answer")))
