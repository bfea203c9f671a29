// optimus: verdict=wrong_answer
// optimus: expect="42\n"
console.log("41");
