namespace Domicile.Objects.Rows;

/// <summary>Bytes that should be a row of an account are not: they come from a peer, so nothing of them is stored.</summary>
internal sealed class InvalidRowException(string message, Exception? cause = null) : FormatException(message, cause);
