using System.Diagnostics.CodeAnalysis;

namespace Domicile.Server.S3.Wire;

/// <summary>Either a value, or the S3 error that the client gets instead.</summary>
internal readonly struct Outcome<T>
    where T : notnull
{
    private readonly T? _value;
    private readonly S3Error? _error;

    private Outcome(T? value, S3Error? error) => (_value, _error) = (value, error);

    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(S3Error error) => new(default, error);

    /// <summary>True: there is an error, and no value.</summary>
    public bool Failed([NotNullWhen(true)] out S3Error? error, [NotNullWhen(false)] out T? value)
    {
        error = _error;
        value = _value;
        return error is not null;
    }
}
