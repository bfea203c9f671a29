// optimus: verdict=runtime_error
const numbers: i32[] = [1, 2, 3];
console.log(numbers[process.argv.length + 2].toString());
