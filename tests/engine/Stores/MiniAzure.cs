using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace CryoBackup.Tests.Stores;

/// <summary>What Azure Blob Storage and the endpoints of identities answer, as far as it takes to get the requests out of a client.</summary>
internal sealed class MiniAzure
{
    public const string Token = "canary-token-of-the-identity";

    private readonly ConcurrentDictionary<string, (byte[] Content, string Tag)> _blobs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte[]> _blocks = new(StringComparer.Ordinal);

    /// <summary>Headers that each blob has besides.</summary>
    public (string Name, string Value)[] OfBlobs { get; set; } = [];

    /// <summary>Answers a request.</summary>
    public ImpostorAnswer Answer(ImpostorRequest request) =>
        request.Target.Host switch
        {
            "169.254.169.254" => OfMachine(request),
            "login.microsoftonline.com" => OfEntra(request),
            _ => OfStorage(request),
        };

    private static ImpostorAnswer OfMachine(ImpostorRequest request) =>
        request.Header("Metadata") == "true"
            ? ImpostorAnswer.Json(
                $$"""{"access_token":"{{Token}}","expires_in":"86000","expires_on":"{{DateTimeOffset.UtcNow.AddDays(1).ToUnixTimeSeconds()}}","resource":"https://storage.azure.com","token_type":"Bearer"}"""
            )
            : new ImpostorAnswer(400) { Body = "{}"u8.ToArray(), Headers = [("Content-Type", "application/json")] };

    private static ImpostorAnswer OfEntra(ImpostorRequest request)
    {
        const string Base = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555";
        return request.Target.AbsolutePath switch
        {
            "/common/discovery/instance" => ImpostorAnswer.Json(
                $$"""{"tenant_discovery_endpoint":"{{Base}}/v2.0/.well-known/openid-configuration","api-version":"1.1","metadata":[{"preferred_network":"login.microsoftonline.com","preferred_cache":"login.windows.net","aliases":["login.microsoftonline.com","login.windows.net"]}]}"""
            ),
            var path when path.EndsWith("/token", StringComparison.Ordinal) => ImpostorAnswer.Json(
                $$"""{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"{{Token}}"}"""
            ),
            _ => ImpostorAnswer.Json(
                $$"""{"token_endpoint":"{{Base}}/oauth2/v2.0/token","authorization_endpoint":"{{Base}}/oauth2/v2.0/authorize","issuer":"{{Base}}/v2.0"}"""
            ),
        };
    }

    private ImpostorAnswer OfStorage(ImpostorRequest request)
    {
        string path = request.Target.AbsolutePath;
        string query = request.Target.Query;
        return (request.Method, query) switch
        {
            ("GET", _) when query.Contains("comp=list", StringComparison.Ordinal) => List(),
            ("PUT", _) when query.Contains("comp=legalhold", StringComparison.Ordinal) => new ImpostorAnswer(200)
            {
                Headers = [("x-ms-legal-hold", request.Header("x-ms-legal-hold")!)],
            },
            ("PUT", _) when query.Contains("comp=blocklist", StringComparison.Ordinal) => Put(path, Joined(request.Text)),
            ("PUT", _) when query.Contains("comp=block", StringComparison.Ordinal) => Stage(request),
            ("PUT", _) => Put(path, request.Body),
            ("DELETE", _) => new ImpostorAnswer(409) { Headers = [("x-ms-error-code", "BlobImmutableDueToPolicy")] },
            _ => Get(request, path),
        };
    }

    private ImpostorAnswer Stage(ImpostorRequest request)
    {
        string id = request.Target.Query.TrimStart('?').Split('&').Single(pair => pair.StartsWith("blockid=", StringComparison.Ordinal))[
            8..
        ];
        _blocks[Uri.UnescapeDataString(id)] = request.Body;
        return new ImpostorAnswer(201);
    }

    private byte[] Joined(string list) =>
        [.. System.Xml.Linq.XDocument.Parse(list.TrimStart('\uFEFF')).Root!.Elements().SelectMany(one => _blocks[one.Value])];

    private ImpostorAnswer Put(string path, byte[] content)
    {
        string tag = $"\"0x{_blobs.Count + 1:X8}\"";
        _blobs[path] = (content, tag);
        return new ImpostorAnswer(201) { Headers = [("ETag", tag), ("Last-Modified", Now())] };
    }

    private ImpostorAnswer Get(ImpostorRequest request, string path)
    {
        if (!_blobs.TryGetValue(path, out (byte[] Content, string Tag) found))
        {
            return new ImpostorAnswer(404) { Headers = [("x-ms-error-code", "BlobNotFound")] };
        }

        (string, string)[] headers =
        [
            ("ETag", found.Tag),
            ("Last-Modified", Now()),
            ("x-ms-blob-type", "BlockBlob"),
            ("x-ms-creation-time", Now()),
            .. OfBlobs,
        ];
        if ((request.Header("x-ms-range") ?? request.Header("Range")) is not { } range)
        {
            return new ImpostorAnswer(200) { Headers = headers, Body = found.Content };
        }

        string[] bounds = range["bytes=".Length..].Split('-');
        int start = int.Parse(bounds[0], CultureInfo.InvariantCulture);
        int end = bounds[1].Length == 0 ? found.Content.Length : int.Parse(bounds[1], CultureInfo.InvariantCulture) + 1;
        return new ImpostorAnswer(206)
        {
            Headers = [.. headers, ("Content-Range", $"bytes {start}-{end - 1}/{found.Content.Length}")],
            Body = found.Content[start..end],
        };
    }

    private ImpostorAnswer List()
    {
        var xml = new StringBuilder("<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Blobs>");
        foreach ((string path, (byte[] content, string tag)) in _blobs)
        {
            xml.Append(
                CultureInfo.InvariantCulture,
                $"<Blob><Name>{Uri.UnescapeDataString(path["/backups/".Length..])}</Name><Properties><Last-Modified>{Now()}</Last-Modified>"
                    + $"<Etag>{tag}</Etag><Content-Length>{content.Length}</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>"
            );
        }

        return ImpostorAnswer.Xml(xml + "</Blobs><NextMarker /></EnumerationResults>");
    }

    private static string Now() => DateTime.UtcNow.ToString("R", CultureInfo.InvariantCulture);
}
