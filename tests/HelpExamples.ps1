# The examples that users read (help, the about pages, the README), and the world in which they are run: a server with the databases
# app, shop and crm, and a current folder with backups of two of them in ./backups.

# What an example leaves open, and what the tests put there:
#   db.example.com                    the test's server
#   NAME                              a new database
#   app_yyyyMMdd_HHmmss_full.dump.gz  the newest such file in the folder that is named
function Expand-Placeholder([string] $Code) {
    $code = $Code -creplace 'db\.example\.com', $env:PGHOST
    $code = [regex]::Replace($code, '(?<folder>[\w./]*/)?\bapp_\d{8}_\d{6}_full(?<suffix>\.dump[.\w]*)', {
            param($Match)
            $folder = $Match.Groups['folder'].Value
            $file = Get-ChildItem -Path "./${folder}app_*_full$($Match.Groups['suffix'].Value)" -ErrorAction Stop | Select-Object -Last 1
            if (-not $file) {
                throw "There is no $Match."
            }

            $folder + $file.Name
        })
    if ($code -cmatch '\bNAME\b') {
        $target = 'app_stock'
        if ($code -cnotmatch 'createdb') {
            Invoke-Sql "CREATE DATABASE $target TEMPLATE template0"
        }

        $code = $code -creplace '\bNAME\b', $target
    }

    $code
}

# A program that an example needs and this machine has not; nothing if it has them all.
function Get-MissingProgram($Example) {
    $needed = @(if ($Example.Kind -eq 'Shell') { 'sh'; 'gunzip' }; if ($Example.Code -match '-Recipient|-Identity|\bage') { 'age'; 'age-keygen' })
    $needed | Where-Object { -not (Get-Command -Name $_ -CommandType Application -ErrorAction Ignore) }
}

# What the README has its reader do, from its top: each block, and each command with arguments within a sentence, as
# Number, Title, Kind (PowerShell, Shell, File) and Code.
function Get-ReadmeStep {
    $text = (Get-Content -LiteralPath (Join-Path (Split-Path -Path $PSScriptRoot) 'README.md') -Raw).ReplaceLineEndings("`n")
    $number = 0
    foreach ($match in [regex]::Matches($text, '(?ms)^```(?<kind>powershell|console|yaml|text)\n(?<code>.*?)\n```|`(?<line>(?:\w+-CryoBackup\w*|cryobackup) [^`\n]+)`')) {
        $code = $match.Groups['code'].Value + $match.Groups['line'].Value
        $kind = switch ($match.Groups['kind'].Value) {
            'powershell' { 'PowerShell' }
            'console' { 'Shell' }
            'yaml' { 'File' }
            '' { $code -clike 'cryobackup*' ? 'Shell' : 'PowerShell' }
        }

        # Text is what a command has printed.
        if (-not $kind) {
            continue
        }

        $number++
        @{ Number = $number; Title = ($code -split "`n")[0]; Kind = $kind; Code = $code }
    }
}

# Every example of the help: where it stands, its title, its kind (PowerShell or Shell), its text.
function Get-WrittenExample {
    $root = Split-Path -Path $PSScriptRoot
    foreach ($file in Get-ChildItem -Path (Join-Path $root 'en-US/*-*.md')) {
        $text = (Get-Content -LiteralPath $file.FullName -Raw).ReplaceLineEndings("`n")
        foreach ($match in [regex]::Matches($text, '(?ms)^### (Example \d+: [^\n]+)\n\n```powershell\n(.*?)\n```')) {
            @{ Source = $file.Name; Title = $match.Groups[1].Value; Kind = 'PowerShell'; Code = $match.Groups[2].Value }
        }
    }

    foreach ($file in Get-ChildItem -Path (Join-Path $root 'en-US/about_*.help.txt')) {
        $block = [System.Collections.Generic.List[string]]::new()
        $number = 0
        foreach ($line in @(Get-Content -LiteralPath $file.FullName) + '') {
            if ($line -match '^    (PS>|>>|\$) (.*)$') {
                $kind = if ($Matches[1] -eq '$') { 'Shell' } else { 'PowerShell' }
                $block.Add($Matches[2])
            }
            elseif ($block.Count -gt 0) {
                $number++
                @{ Source = $file.Name.Split('.')[0]; Title = "block $number"; Kind = $kind; Code = $block -join "`n" }
                $block.Clear()
            }
        }
    }
}

# Programs that examples name, and backups that they find.
function Initialize-ExampleServer {
    $script:pathBefore = $env:PATH
    $tool = Split-Path -Path $PSScriptRoot | Join-Path -ChildPath 'output/tool/cryobackup*' | Get-ChildItem |
        Where-Object { $_.BaseName -eq 'cryobackup' -and $_.Extension -in '', '.exe' } | Select-Object -First 1
    $env:PATH = $tool.DirectoryName, (Split-Path -Path (Get-PgTool 'pg_restore')), $env:PATH -join [System.IO.Path]::PathSeparator
    Clear-TestDatabase cryo_example
    Invoke-Sql 'CREATE DATABASE cryo_example TEMPLATE template0'
    Invoke-Sql -Database cryo_example "
        CREATE SCHEMA audit;
        CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);
        CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int NOT NULL REFERENCES customers, placed timestamptz NOT NULL);
        CREATE TABLE audit.log (id int PRIMARY KEY, said text);
        CREATE VIEW customer_orders AS SELECT name, placed FROM customers JOIN orders ON customer = customers.id;
        INSERT INTO customers SELECT n, 'customer ' || n FROM generate_series(1, 50) n;
        INSERT INTO orders (customer, placed) SELECT 1 + n % 50, timestamptz '2026-01-01' + n * interval '1 hour' FROM generate_series(1, 500) n;
        INSERT INTO audit.log SELECT n, 'line ' || n FROM generate_series(1, 200) n;"
    foreach ($name in 'shop', 'crm') {
        Clear-TestDatabase $name
        Invoke-Sql "CREATE DATABASE $name TEMPLATE cryo_example"
    }

    Initialize-ExampleDatabase
    $script:exampleBackups = Join-Path $TestDrive 'example backups'
    $null = 'app', 'shop' | New-CryoBackup -Path $script:exampleBackups -IncludeGlobals -WarningAction SilentlyContinue
}

# The database that examples restore over is as it was, and those that they make are not there.
function Initialize-ExampleDatabase {
    foreach ($name in Invoke-Sql "SELECT datname FROM pg_database WHERE datname ~ '^app(_|$)'") {
        Clear-TestDatabase $name
    }

    Invoke-Sql 'CREATE DATABASE app TEMPLATE cryo_example'
}

# A reader's folder: backups, and a pair of keys.
function Initialize-ExampleFolder([string] $Folder) {
    $null = New-Item -ItemType Directory -Path $Folder
    if (Get-Command -Name age-keygen -CommandType Application -ErrorAction Ignore) {
        age-keygen -o (Join-Path $Folder 'identity.txt') 2>$null
        age-keygen -y (Join-Path $Folder 'identity.txt') > (Join-Path $Folder 'recipients.txt')
    }

    Copy-Item -LiteralPath $script:exampleBackups -Destination (Join-Path $Folder 'backups') -Recurse
    # Stock tools are shown beside the backup.
    Copy-Item -Path (Join-Path $script:exampleBackups 'app_*') -Destination $Folder
    $Folder
}

function Clear-ExampleServer {
    $env:PATH = $script:pathBefore
    foreach ($name in Invoke-Sql "SELECT datname FROM pg_database WHERE datname ~ '^(app|shop|crm)(_|$)' OR datname = 'cryo_example'") {
        Clear-TestDatabase $name
    }
}
