using System.Runtime.InteropServices;
using Domicile;
using Domicile.Deployments;
using Domicile.Server.Hosting;

const int Failed = 1;
const int WrongUsage = 2;

ProcessPrivacy.Begin();
if (ServeOptions.Read(args, out var wrong) is not { } options)
{
    Console.Error.WriteLine(wrong);
    return WrongUsage;
}

using var stop = new CancellationTokenSource();
using var onTerm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
try
{
    if (await ServeProcess.RunAsync(options, stop.Token) is not { } reason)
    {
        return 0;
    }

    Console.Error.WriteLine(reason.ReplaceLineEndings(" "));
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 0;
}
catch (Exception broken) when (broken is not InvalidCastException and not NullReferenceException)
{
    var words = broken is StorageUnreadableException unreadable ? unreadable.WithNext : broken.Message;
    Console.Error.WriteLine($"starting {options.Process.DirectoryName}: {words.ReplaceLineEndings(" ")}");
}

return Failed;

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
