// A process of a bench that ends before it says anything.

process.exit(3);
