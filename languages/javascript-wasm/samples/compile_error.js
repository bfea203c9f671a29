// optimus: verdict=compile_error
console.log("before");
let x = = 1;
