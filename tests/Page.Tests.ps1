# The pages as a browser shows them, and as they are printed: a fleet of twelve databases, a rehearsal of all of them, of which a mail tells,
# one that failed, a restore.
BeforeDiscovery {
    $browser = Get-Command -Name chromium, chromium-browser, google-chrome, msedge -CommandType Application -ErrorAction Ignore | Select-Object -First 1
    $npm = Get-Command -Name npm -CommandType Application -ErrorAction Ignore
    $widths = @(
        foreach ($page in 'fleet', 'verification', 'failed', 'restore') {
            @{ Page = $page; Width = 360; Scheme = 'light' }
            @{ Page = $page; Width = 820; Scheme = 'dark' }
            @{ Page = $page; Width = 1280; Scheme = 'light' }
            # A4 between the margins of a browser, in 96 dots an inch.
            @{ Page = $page; Width = 718; Scheme = 'dark'; IsPrint = $true }
        }
    )
}

Describe 'The pages' {
    BeforeAll {
        . $PSScriptRoot/TestSupport.ps1
        . $PSScriptRoot/MailServer.ps1
        $names = 1..12 | ForEach-Object { "fleet_$($_.ToString('00'))" }
        $folder = Join-Path $TestDrive 'fleet'
        $pages = Join-Path $PSScriptRoot '../output/pages'
        if (Test-Path -LiteralPath $pages) {
            Remove-Item -LiteralPath $pages -Recurse
        }

        $null = New-Item -ItemType Directory -Path $pages
        $pages = (Resolve-Path -LiteralPath $pages).ProviderPath
        Initialize-TestDatabase fleet_01 200
        foreach ($name in $names[1..11]) {
            Clear-TestDatabase $name
            Invoke-Sql "CREATE DATABASE ""$name"" TEMPLATE fleet_01"
        }

        $mail = Open-MailServer
        $base = "databases: [$($names -join ', ')]`nlocal_backup_dir: '$folder'`nverification: {max_age: 26h}`nreports: {enabled: false}"
        $email = "{from: backup@example.com, to: dba@example.com, smtp_server: 127.0.0.1, smtp_port: $($mail.Port), smtp_security: none, on: [success, failure, warning]}"
        $config = Join-Path $TestDrive 'twelve.yaml'
        Set-Content -LiteralPath $config $base
        $made = 1..3 | ForEach-Object { New-CryoBackup -Config $config -Timeout 600 -WarningAction SilentlyContinue; Start-Sleep -Seconds 1 }
        Set-Content -LiteralPath $config "$base`nnotifications: {email: $email}"
        $rehearsed = Test-CryoBackup -Latest -Level Restore -Config $config -ThrottleLimit 2 -MaxRestoreTime 1h -ReportPath (Join-Path $pages 'verification.html') 6>$null
        $received = @($mail.Messages.ToArray())
        Set-Content -LiteralPath (Join-Path $pages 'mail.html') -Value $(if ($received) { (Get-MailPart $received[0])['text/html'] })

        # One bad, one without the newest, one that the configuration names and nobody made.
        Edit-OneByte (Get-CryoBackup $folder -Latest -Database fleet_12).Path
        $null = Test-CryoBackup (Get-CryoBackup $folder -Latest -Database fleet_11, fleet_12).Path -ReportPath (Join-Path $pages 'failed.html') 6>$null
        Set-Content -LiteralPath (Join-Path $TestDrive 'fleet.yaml') "databases: [$($names -join ', '), fleet_13]`nlocal_backup_dir: '$folder'`nverification: {max_age: 26h}"
        $listed = Get-CryoBackup -Config (Join-Path $TestDrive 'fleet.yaml') -ReportPath (Join-Path $pages 'fleet.html')
        $json = Get-CryoBackup -Config (Join-Path $TestDrive 'fleet.yaml') -ReportPath $pages -Verbose 4>&1 | Where-Object { "$_" -match 'fleet_\d+_\d+\.json' }
        $null = Restore-CryoBackup $folder -Latest -Database fleet_01 -TargetDatabase fleet_copy -Create -ReportPath (Join-Path $pages 'restore.html')

        $rules = $null
        if (Get-Command -Name npm -CommandType Application -ErrorAction Ignore) {
            $modules = Join-Path $PSScriptRoot '../output/browser'
            $rules = Join-Path $modules 'node_modules/axe-core/axe.min.js'
            if (-not (Test-Path -LiteralPath $rules)) {
                $null = New-Item -ItemType Directory -Path $modules -Force
                Copy-Item -LiteralPath (Join-Path $PSScriptRoot 'browser/package.json') -Destination $modules
                & npm install --prefix $modules --no-audit --no-fund --silent *>$null
            }
        }

        # The rules' findings, from the browser itself: they are written into a copy of the page, whose policy would let no script run.
        # What is to be printed is shown by the rules for print, as wide as a sheet; nothing on it can be scrolled or opened.
        function Get-Finding([string] $Page, [int] $Width, [string] $Scheme, [switch] $IsPrint) {
            $copy = Join-Path $TestDrive "$Page-$Width-$Scheme.html"
            $text = (Get-Content -LiteralPath (Join-Path $pages "$Page.html") -Raw) -replace '<meta http-equiv="Content-Security-Policy"[^>]*>', ''
            if ($IsPrint) {
                $text = $text.Replace('@media print', '@media screen')
            }

            # Printed, no box may hide what is in it; and each word that is coloured must be a word.
            $looks = $IsPrint ? @'
                document.querySelectorAll('body *').forEach(e => {
                    const box = e.getBoundingClientRect();
                    if (box.width > 0 && box.right > document.documentElement.clientWidth + 1) found.push('cut off at the right: ' + e.outerHTML.slice(0, 200));
                    if (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'visible') found.push('hides a part: ' + e.outerHTML.slice(0, 200)); });
                document.querySelectorAll('details').forEach(d => { if (d.getBoundingClientRect().height <= d.querySelector('summary').getBoundingClientRect().height + 1) found.push('folded: ' + d.outerHTML.slice(0, 200)); });
                if (getComputedStyle(document.body).color !== 'rgb(0, 0, 0)') found.push('ink is ' + getComputedStyle(document.body).color);
'@ : "document.querySelectorAll('details').forEach(d => d.open = true);"
            $script = "<script>$(Get-Content -LiteralPath $rules -Raw)</script><script>const found = [];
                document.querySelectorAll('.passed, .restored, .failed, .inconclusive, .planned, .warning, .not_run, .ok, .no').forEach(e => { if (!/\p{L}/u.test(e.textContent)) found.push('a colour without a word: ' + e.outerHTML.slice(0, 200)); });
                $looks
                axe.run(document).then(r => { if (document.documentElement.scrollWidth > window.innerWidth) found.push('the page is wider than its window');
                document.body.setAttribute('data-found', JSON.stringify(found.concat(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' | ').slice(0, 300))))); });</script>"
            Set-Content -LiteralPath $copy -Value ($text -replace '</body>', ($script.Replace('$', '$$') + '</body>'))
            $words = '--headless', '--no-sandbox', '--disable-gpu', "--user-data-dir=$(Join-Path $TestDrive 'profile')", "--window-size=$Width,2000",
            "--blink-settings=preferredColorScheme=$($Scheme -eq 'dark' ? 0 : 1)", '--virtual-time-budget=20000', '--dump-dom', "file://$copy"
            $shown = (& $browser @words 2>$null) -join "`n"
            $found = [regex]::Match($shown, 'data-found="([^"]*)"')
            $found.Success | Should -BeTrue -Because 'the rules must have run'
            [System.Net.WebUtility]::HtmlDecode($found.Groups[1].Value) | ConvertFrom-Json
        }

        $browser = Get-Command -Name chromium, chromium-browser, google-chrome, msedge -CommandType Application -ErrorAction Ignore | Select-Object -First 1 -ExpandProperty Source
    }

    AfterAll {
        Close-MailServer $mail
        foreach ($name in $names + 'fleet_copy') {
            Clear-TestDatabase $name
        }
    }

    It 'of a fleet has a row for each database, those that want a look first' {
        $page = Get-Content -LiteralPath (Join-Path $pages 'fleet.html') -Raw
        $rows = @([regex]::Matches($page, '<tr><td class="word (\w+)">(\w+)</td><th scope="row">(\w+)</th>') | ForEach-Object { "$($_.Groups[1]) $($_.Groups[2]) $($_.Groups[3])" })
        $rows | Should -HaveCount 13
        $rows[0..1] | Should -Be 'failed Failed fleet_12', 'failed None fleet_13'
        $rows[2..12] | Should -Be @($names[0..10] | ForEach-Object { "passed Rehearsed $_" })
        $page | Should -Match '<h1>Without a good, young backup: fleet_12 and fleet_13 \(2 of 13 databases\)</h1>'
        $page | Should -Match "$([regex]::Escape($env:PGHOST)):$($env:PGPORT)"
        @($listed | Group-Object Database) | Should -HaveCount 12
    }

    It 'of a fleet is there as JSON as well' {
        $file = [regex]::Match("$json", "'([^']+\.json)'").Groups[1].Value
        $report = Get-Content -LiteralPath $file -Raw | ConvertFrom-Json
        $report.databases | Should -HaveCount 13
        ($report.databases | Where-Object database -EQ 'fleet_13').state | Should -Be 'none'
        ($report.databases | Where-Object database -EQ 'fleet_01').restore_duration_seconds | Should -BeGreaterThan 0
    }

    It 'of a rehearsed fleet go with one mail, which names each database' {
        $made | Should -HaveCount 36
        $rehearsed.Verdict | Should -Be @(@('Passed') * 12)
        $received | Should -HaveCount 1
        $parts = Get-MailPart $received[0]
        $parts.Subject | Should -BeLike '*CryoBackup*12*'
        foreach ($kind in 'text/plain', 'text/html') {
            foreach ($name in $names) {
                $parts[$kind] | Should -Match $name -Because $kind
            }
        }
    }

    It 'of a verification names what failed' {
        Get-Content -LiteralPath (Join-Path $pages 'failed.html') -Raw | Should -Match '<h1>Failed: fleet_12 \(1 of 2 backups\)</h1>'
        Get-Content -LiteralPath (Join-Path $pages 'verification.html') -Raw | Should -Match '<h1>Passed: all 12 backups are proven</h1>'
    }

    It 'break no rule of accessibility in a browser: <Page>, <Width> wide, <Scheme>' -ForEach @($widths | Where-Object { -not $_['IsPrint'] }) -Skip:(-not $browser -or -not $npm) {
        Get-Finding $Page $Width $Scheme | Should -BeNullOrEmpty
    }

    It 'are printed whole, with words beside colours: <Page>' -ForEach @($widths | Where-Object { $_['IsPrint'] }) -Skip:(-not $browser -or -not $npm) {
        Get-Finding $Page $Width $Scheme -IsPrint | Should -BeNullOrEmpty
    }
}
