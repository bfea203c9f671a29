// optimus: verdict=accepted
// optimus: expect="Hello, world!\n"
console.log("Hello, world!");
