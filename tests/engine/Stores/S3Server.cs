using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

namespace CryoBackup.Tests.Stores;

/// <summary>
/// A server of S3's protocol on loopback that goes wrong where it is told to: signatures, hashes and conditions are checked, parts have
/// their least size, and what it holds can be looked at.
/// </summary>
internal sealed class S3Server : IDisposable
{
    public const string Bucket = "backups";
    public const string AccessKey = "AKIATESTTESTTESTTEST";
    public const string SecretKey = "canary-secret-key-of-the-test-server/0123";

    /// <summary>Smaller than a real one's, so that much can be tried in little time.</summary>
    public const int LeastPart = 64 << 10;

    private readonly HttpListener _listener = new();
    private int _requests;

    public S3Server()
    {
        for (int attempt = 0; ; attempt++)
        {
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            int port = ((IPEndPoint)probe.LocalEndpoint).Port;
            probe.Stop();
            _listener.Prefixes.Clear();
            _listener.Prefixes.Add($"http://127.0.0.1:{port}/");
            try
            {
                _listener.Start();
                Endpoint = new Uri($"http://127.0.0.1:{port}");
                break;
            }
            catch (HttpListenerException) when (attempt < 20) { }
        }

        _ = Task.Run(ListenAsync);
    }

    public Uri Endpoint { get; }

    /// <summary>What goes wrong: takes the number of the request, from 1, and the request.</summary>
    public Func<int, HttpListenerRequest, S3Fault?> Fault { get; set; } = (_, _) => null;

    public ConcurrentDictionary<string, S3Content> Objects { get; } = new(StringComparer.Ordinal);

    public ConcurrentDictionary<string, S3Unfinished> Uploads { get; } = new(StringComparer.Ordinal);

    /// <summary>Every request as a line, with the headers that a test may ask for.</summary>
    public ConcurrentQueue<(string Line, WebHeaderCollection Headers)> Seen { get; } = new();

    /// <summary>What this server itself did wrong.</summary>
    public ConcurrentQueue<Exception> Failures { get; } = new();

    public void Dispose()
    {
        _listener.Close();
        Assert.Empty(Failures);
    }

    private async Task ListenAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            _ = Task.Run(() => ServeAsync(context));
        }
    }

    private async Task ServeAsync(HttpListenerContext context)
    {
        HttpListenerRequest request = context.Request;
        try
        {
            Seen.Enqueue(($"{request.HttpMethod} {request.RawUrl}", (WebHeaderCollection)request.Headers));
            S3Fault? fault = Fault(Interlocked.Increment(ref _requests), request);
            bool cutsInput = fault is { Kind: S3FaultKind.Cut } && request.HasEntityBody;
            byte[] body = await ReadAsync(request, cutsInput ? fault!.After : int.MaxValue);
            if (cutsInput)
            {
                Cut(context);
                return;
            }

            S3Answer answer = fault?.Kind switch
            {
                S3FaultKind.Busy => S3Answer.Error(503, "SlowDown"),
                S3FaultKind.Denied => S3Answer.Error(403, "AccessDenied"),
                S3FaultKind.Unknown => S3Answer.Error(501, "NotImplemented"),
                S3FaultKind.WrongBytes => S3Answer.Error(400, "BadDigest"),
                _ => S3Signature.Check(request, body, AccessKey, SecretKey) is { } code
                    ? S3Answer.Error(code == "XAmzContentSHA256Mismatch" ? 400 : 403, code)
                    : Answer(request, body),
            };
            if (fault?.Kind == S3FaultKind.AnswerLost)
            {
                Cut(context);
                return;
            }

            await WriteAsync(context, answer, fault?.Kind == S3FaultKind.Cut ? fault.After : int.MaxValue);
        }
        catch (Exception exception)
        {
            // A client that is gone is none of this server's faults.
            if (exception is not (HttpListenerException or IOException or ObjectDisposedException))
            {
                Failures.Enqueue(exception);
            }

            Cut(context);
        }
    }

    /// <summary>Resets the connection. The listener's own Abort sends an empty answer first, but on Windows.</summary>
    private static void Cut(HttpListenerContext context)
    {
        const BindingFlags Inner = BindingFlags.Instance | BindingFlags.NonPublic;
        object? connection = context.GetType().GetProperty("Connection", Inner)?.GetValue(context);
        if (connection?.GetType().GetField("_socket", Inner)?.GetValue(connection) is Socket socket)
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Dispose();
        }
        else
        {
            context.Response.Abort();
        }
    }

    private static async Task<byte[]> ReadAsync(HttpListenerRequest request, int most)
    {
        using var body = new MemoryStream();
        byte[] buffer = new byte[1 << 16];
        for (
            int count;
            body.Length < most
                && (count = await request.InputStream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, most - body.Length)))) > 0;

        )
        {
            body.Write(buffer, 0, count);
        }

        return body.ToArray();
    }

    private static async Task WriteAsync(HttpListenerContext context, S3Answer answer, int most)
    {
        HttpListenerResponse response = context.Response;
        response.StatusCode = answer.Status;
        foreach ((string name, string value) in answer.Headers)
        {
            response.Headers[name] = value;
        }

        response.ContentLength64 = answer.Length ?? answer.Body.Length;
        if (context.Request.HttpMethod == "HEAD")
        {
            response.Close();
            return;
        }

        await response.OutputStream.WriteAsync(answer.Body.AsMemory(0, Math.Min(most, answer.Body.Length)));
        await response.OutputStream.FlushAsync();
        if (most < answer.Body.Length)
        {
            Cut(context);
        }
        else
        {
            response.Close();
        }
    }

    private S3Answer Answer(HttpListenerRequest request, byte[] body)
    {
        string[] path = Uri.UnescapeDataString(request.Url!.AbsolutePath).TrimStart('/').Split('/', 2);
        if (path[0] != Bucket)
        {
            return S3Answer.Error(404, "NoSuchBucket");
        }

        string key = path.Length > 1 ? path[1] : "";
        System.Collections.Specialized.NameValueCollection query = request.QueryString;
        bool Has(string name) => query[name] is not null || (query.GetValues(null) ?? []).Contains(name);
        return (request.HttpMethod, key.Length > 0) switch
        {
            ("GET", false) when Has("uploads") => S3Listing.OfUploads(Uploads, query["prefix"] ?? ""),
            ("GET", false) => S3Listing.OfObjects(Objects, query["prefix"] ?? "", query["continuation-token"] ?? "", query["delimiter"]),
            ("GET" or "HEAD", true) => Get(request, key),
            ("DELETE", true) when query["uploadId"] is { } upload => Abort(upload),
            ("DELETE", true) => Delete(key),
            ("POST", true) when Has("uploads") => Begin(request, key),
            ("POST", true) => Complete(request, key, query["uploadId"]!, body),
            ("PUT", true) when query["uploadId"] is { } upload => PutPart(
                request,
                upload,
                int.Parse(query["partNumber"]!, CultureInfo.InvariantCulture),
                body
            ),
            ("PUT", true) when Has("legal-hold") => Hold(key, body),
            ("PUT", true) => Put(request, key, body),
            _ => S3Answer.Error(405, "MethodNotAllowed"),
        };
    }

    private S3Answer Put(HttpListenerRequest request, string key, byte[] body)
    {
        if (!IsIntact(request, body))
        {
            return S3Answer.Error(400, "BadDigest");
        }

        var content = new S3Content(body, request.Headers["x-amz-meta-cryobackup-upload"] ?? "") { Lock = LockOf(request) };
        return Store(request, key, content) ? S3Answer.Good(("ETag", content.Tag)) : S3Answer.Error(412, "PreconditionFailed");
    }

    private static (string, string)? LockOf(HttpListenerRequest request) =>
        request.Headers["x-amz-object-lock-mode"] is { } mode && request.Headers["x-amz-object-lock-retain-until-date"] is { } until
            ? (mode, until)
            : null;

    private bool Store(HttpListenerRequest request, string key, S3Content content)
    {
        if (request.Headers["If-None-Match"] == "*")
        {
            return Objects.TryAdd(key, content);
        }

        Objects[key] = content;
        return true;
    }

    private static bool IsIntact(HttpListenerRequest request, byte[] body) =>
        request.Headers["Content-MD5"] is not { } md5 || md5 == Convert.ToBase64String(MD5.HashData(body));

    private S3Answer Begin(HttpListenerRequest request, string key)
    {
        string id = Guid.NewGuid().ToString("N");
        Uploads[id] = new S3Unfinished(key, request.Headers["x-amz-meta-cryobackup-upload"] ?? "") { Lock = LockOf(request) };
        return S3Answer.Xml(
            "InitiateMultipartUploadResult",
            new XElement("Bucket", Bucket),
            new XElement("Key", key),
            new XElement("UploadId", id)
        );
    }

    private S3Answer PutPart(HttpListenerRequest request, string upload, int number, byte[] body)
    {
        if (!Uploads.TryGetValue(upload, out S3Unfinished? unfinished))
        {
            return S3Answer.Error(404, "NoSuchUpload");
        }

        if (!IsIntact(request, body))
        {
            return S3Answer.Error(400, "BadDigest");
        }

        unfinished.Parts[number] = body;
        return S3Answer.Good(("ETag", S3Content.TagOf(body)));
    }

    private S3Answer Complete(HttpListenerRequest request, string key, string upload, byte[] body)
    {
        if (!Uploads.TryGetValue(upload, out S3Unfinished? unfinished))
        {
            return S3Answer.Error(404, "NoSuchUpload");
        }

        int[] numbers =
        [
            .. XDocument
                .Parse(Encoding.UTF8.GetString(body))
                .Descendants()
                .Where(one => one.Name.LocalName == "PartNumber")
                .Select(one => (int)one),
        ];
        if (numbers.SkipLast(1).Any(number => unfinished.Parts[number].Length < LeastPart))
        {
            return S3Answer.Error(400, "EntityTooSmall");
        }

        using var whole = new MemoryStream();
        foreach (int number in numbers)
        {
            whole.Write(unfinished.Parts[number]);
        }

        var content = new S3Content(whole.ToArray(), unfinished.Mark) { Lock = unfinished.Lock };
        if (!Store(request, key, content))
        {
            return S3Answer.Error(412, "PreconditionFailed");
        }

        Uploads.TryRemove(upload, out _);
        return S3Answer.Xml("CompleteMultipartUploadResult", new XElement("Key", key), new XElement("ETag", content.Tag));
    }

    private S3Answer Abort(string upload) => Uploads.TryRemove(upload, out _) ? new S3Answer(204) : S3Answer.Error(404, "NoSuchUpload");

    private S3Answer Hold(string key, byte[] body)
    {
        if (!Objects.TryGetValue(key, out S3Content? found))
        {
            return S3Answer.Error(404, "NoSuchKey");
        }

        XElement hold = XDocument.Parse(Encoding.UTF8.GetString(body)).Root!;
        Assert.Equal("LegalHold", hold.Name.LocalName);
        Objects[key] = found with { HasLegalHold = hold.Elements().Single(one => one.Name.LocalName == "Status").Value == "ON" };
        return S3Answer.Good();
    }

    private S3Answer Delete(string key)
    {
        if (
            Objects.TryGetValue(key, out S3Content? found)
            && (
                found.HasLegalHold
                || (found.Lock is var (_, until) && DateTimeOffset.Parse(until, CultureInfo.InvariantCulture) > DateTime.UtcNow)
            )
        )
        {
            return S3Answer.Error(403, "AccessDenied");
        }

        Objects.TryRemove(key, out _);
        return new S3Answer(204);
    }

    private S3Answer Get(HttpListenerRequest request, string key)
    {
        if (!Objects.TryGetValue(key, out S3Content? found))
        {
            return S3Answer.Error(404, "NoSuchKey");
        }

        if (request.Headers["If-Match"] is { } wanted && wanted.Trim('"') != found.Tag.Trim('"'))
        {
            return S3Answer.Error(412, "PreconditionFailed");
        }

        (int start, int end) = (0, found.Bytes.Length);
        bool isPart = request.Headers["Range"] is not null;
        if (request.Headers["Range"] is { } range)
        {
            string[] bounds = range["bytes=".Length..].Split('-');
            start = int.Parse(bounds[0], CultureInfo.InvariantCulture);
            end = Math.Min(end, int.Parse(bounds[1], CultureInfo.InvariantCulture) + 1);
        }

        return new S3Answer(isPart ? 206 : 200)
        {
            Body = found.Bytes[start..end],
            Headers =
            [
                ("ETag", found.Tag),
                ("Last-Modified", found.Modified.ToString("R", CultureInfo.InvariantCulture)),
                ("x-amz-meta-cryobackup-upload", found.Mark),
                .. found.Lock is var (mode, until)
                    ? new[] { ("x-amz-object-lock-mode", mode), ("x-amz-object-lock-retain-until-date", until) }
                    : [],
                .. found.HasLegalHold ? new[] { ("x-amz-object-lock-legal-hold", "ON") } : [],
                .. isPart ? new[] { ("Content-Range", $"bytes {start}-{end - 1}/{found.Bytes.Length}") } : [],
            ],
        };
    }
}
