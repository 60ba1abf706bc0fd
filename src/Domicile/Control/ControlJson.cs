using System.Text.Json.Serialization;
using Domicile.Objects;

namespace Domicile.Control;

/// <summary>JSON that lies in control's database.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AccountUsage))]
internal sealed partial class ControlJson : JsonSerializerContext;
