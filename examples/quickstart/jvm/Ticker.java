/** Prints a line every few seconds until it is told to stop. */
public final class Ticker {
    private Ticker() {}

    /** Ticks for ever. */
    public static void main(String[] arguments) throws InterruptedException {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("ticker stops")));
        System.out.println("ticker starts");
        for (long tick = 1; ; tick++) {
            Thread.sleep(5000);
            System.out.println("tick " + tick);
        }
    }
}
