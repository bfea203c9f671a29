// optimus: verdict=wrong_answer
// optimus: expect="Hello, moon!\n"
console.log("Hello, world!");
