-- optimus: verdict=accepted options.warnings=true expect="-W\n"
print(arg[-1])
