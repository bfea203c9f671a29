import java.util.Scanner;
import java.util.concurrent.*;

public class Main {
    public static void main(String[] args) throws Exception {
        int number = new Scanner(System.in).nextInt();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        System.gc();
        System.out.println(threads.submit(() -> number / 2).get());
        threads.shutdown();
    }
}
