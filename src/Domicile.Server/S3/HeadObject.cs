using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class HeadObject
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
        => (await ObjectReading.PrepareAsync(exchange)).Failed(out var error, out _) ? error : null;
}
