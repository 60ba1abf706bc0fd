using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class GetObject
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if ((await ObjectReading.PrepareAsync(exchange)).Failed(out var error, out var reading))
        {
            return error;
        }

        if (reading.Range.LengthBytes > 0)
        {
            await exchange.Copy.ReadContentAsync(
                reading.Found.Version.Pieces, reading.Range.OffsetBytes, reading.Range.LengthBytes,
                exchange.Http.Response.BodyWriter, exchange.Aborted);
        }

        return null;
    }
}
