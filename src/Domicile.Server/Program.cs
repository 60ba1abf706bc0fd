using System.Runtime.InteropServices;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Moves;
using Domicile.Server.Hosting;

const int Failed = 1;
const int WrongUsage = 2;

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
    if (await ServeAsync(options) is not { } reason)
    {
        return 0;
    }

    Console.Error.WriteLine(reason);
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 0;
}
catch (Exception broken) when (broken is IOException or InvalidDataException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"starting {options.Process.DirectoryName}: {broken.Message.ReplaceLineEndings(" ")}");
}

return Failed;

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}

async Task<string?> ServeAsync(ServeOptions what)
{
    var read = DeploymentConfig.Load(what.ConfigPath);
    if (read is ConfigResult.Invalid invalid)
    {
        return string.Join("; ", invalid.Errors);
    }

    var config = ((ConfigResult.Ok)read).Config;
    if (config.CheckStart(what.Process) is { Count: > 0 } missing)
    {
        return string.Join("; ", missing);
    }

    var links = new ControlLinks(_ => new Dictionary<RegionName, IRegionPeer>(), (_, _) => { });
    return what.Role switch
    {
        ServeRole.Control => await ControlHost.RunAsync(config, what.DataDirectory, links, stop.Token),
        ServeRole.Mover => "with an SQLite store control runs the moves itself: start no mover",
        _ => "regions are not served by this build",
    };
}
