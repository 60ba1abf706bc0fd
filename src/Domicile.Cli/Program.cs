using Domicile.Cli;

using var interrupt = new Interrupt();
return await CommandLine.RunAsync(args, CliHost.OfProcess(), interrupt.Token);
