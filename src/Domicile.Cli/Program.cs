using Domicile.Cli;
using Domicile.Deployments;

ProcessPrivacy.Begin();
using var interrupt = new Interrupt();
return await CommandLine.RunAsync(args, CliHost.OfProcess(), interrupt.Token);
