//! Files as they come: good ones in all spellings, and bad ones answered with where and why.

use std::path::PathBuf;

use ingest::{
    Cause, DateOrder, Input, Item, Mapping, OrderStatus, Role, Setting, TableKind, read_table, sniff,
};

fn bytes(data: impl Into<Vec<u8>>) -> Input {
    Input::bytes("shop.csv", data.into())
}

fn refused(data: impl Into<Vec<u8>>, mapping: &str) -> String {
    let mapping = Mapping::parse(mapping).unwrap();
    let input = bytes(data);
    let outcome = read_table(&input, Some(&mapping), &Setting::default());
    let mut table = match outcome {
        Err(problem) => return problem.to_string(),
        Ok(table) => table,
    };
    loop {
        match table.next_row() {
            Err(problem) => return problem.to_string(),
            Ok(None) => return "read to the end".to_owned(),
            Ok(Some(_)) => {}
        }
    }
}

/// "line: outcome" of each row: the texts of a role, or the reject.
fn rows(data: impl Into<Vec<u8>>, mapping: &str, role: Role) -> Vec<String> {
    let mapping = Mapping::parse(mapping).unwrap();
    let mut table = read_table(&bytes(data), Some(&mapping), &Setting::default()).unwrap();
    let mut out = Vec::new();
    while let Some(row) = table.next_row().unwrap() {
        out.push(match row {
            Ok(row) => format!("{}: {}", row.line, row.text(role)),
            Err(reject) => reject.to_string(),
        });
    }
    out
}

#[test]
fn one_table_in_all_encodings_and_delimiters() {
    let text = "Звіт за березень;;;\r\nНомер замовлення;Дата;Сума;Покупець\r\n17;25.03.2022;1 234,50 грн;\"Їжакевич\r\nГанна\"\r\n";
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let utf16be: Vec<u8> =
        [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    let versions = [
        text.as_bytes().to_vec(),
        format!("\u{feff}{text}").into_bytes(),
        encoding_rs::WINDOWS_1251.encode(text).0.into_owned(),
        encoding_rs::KOI8_U.encode(text).0.into_owned(),
        utf16,
        utf16be,
        text.replace(';', "\t").into_bytes(),
        text.replace(';', "|").into_bytes(),
    ];
    for data in versions {
        let preview = sniff(&bytes(data.clone()), None).unwrap();
        assert_eq!((preview.header_row, preview.kind), (Some(2), TableKind::Order), "{:?}", preview.encoding);
        let mut table = read_table(&bytes(data), None, &Setting::default()).unwrap();
        let row = table.next_row().unwrap().unwrap();
        let row = row.unwrap_or_else(|reject| panic!("{reject} {preview:?}"));
        assert_eq!(row.line, 3);
        assert_eq!(row.record_id(), "17");
        assert_eq!(row.date(Role::OrderDate).unwrap().unwrap().local.date().to_string(), "2022-03-25");
        assert_eq!(row.amount().unwrap().unwrap().to_string(), "1234.50 UAH");
        assert_eq!(row.text(Role::FullName), "Їжакевич\r\nГанна");
        assert!(table.next_row().unwrap().is_none());
    }
}

#[test]
fn workbooks() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 1, "Отчёт").unwrap();
    for (column, header) in (0_u16..).zip(["Заказ", "Дата", "Сумма", "Товары", "Телефон"])
    {
        sheet.write(2, column, header).unwrap();
    }
    let date = rust_xlsxwriter::Format::new().set_num_format("dd.mm.yyyy hh:mm");
    let at = rust_xlsxwriter::ExcelDateTime::from_ymd(2022, 3, 1).unwrap().and_hms(14, 5, 0).unwrap();
    sheet.write(3, 0, 100_001).unwrap();
    sheet.write_datetime_with_format(3, 1, &at, &date).unwrap();
    sheet.write(3, 2, 1234.5).unwrap();
    sheet.write(3, 3, "Дюна x2\nКобзар").unwrap();
    sheet.write(3, 4, 380_965_102_220_f64).unwrap();
    sheet.write(5, 0, 100_002).unwrap();
    sheet.write(5, 1, "02.03.2022").unwrap();
    let input = Input::bytes("shop.xlsx", book.save_to_buffer().unwrap());
    let preview = sniff(&input, None).unwrap();
    assert_eq!((preview.encoding, preview.header_row), (None, Some(3)));
    let mut table = read_table(&input, None, &Setting::default()).unwrap();
    let row = table.next_row().unwrap().unwrap().unwrap();
    assert_eq!((row.line, row.record_id().as_str(), row.text(Role::Phone)), (4, "100001", "380965102220"));
    assert_eq!(row.date(Role::OrderDate).unwrap().unwrap().local.to_string(), "2022-03-01T14:05:00");
    assert_eq!(row.amount().unwrap().unwrap().minor, 123_450);
    let item = |title: &str, quantity| Item { title: title.to_owned(), quantity };
    assert_eq!(row.items(), [item("Дюна", 2), item("Кобзар", 1)]);
    let row = table.next_row().unwrap().unwrap().unwrap();
    assert_eq!(
        (row.line, row.text(Role::OrderId)),
        (6, "100002"),
        "blank rows are passed over, short ones are whole"
    );
    assert!(table.next_row().unwrap().is_none());
}

#[test]
fn a_sheet_of_open_document() {
    use std::io::Write;
    let cell = |text: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let row =
        |cells: [&str; 2]| format!("<table:table-row>{}{}</table:table-row>", cell(cells[0]), cell(cells[1]));
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
         xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\">\
         <office:body><office:spreadsheet><table:table table:name=\"A\">{}{}</table:table></office:spreadsheet></office:body></office:document-content>",
        row(["ФИО", "Телефон"]),
        row(["Бойко Олександр", "0671112233"])
    );
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in [
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        (
            "META-INF/manifest.xml",
            "<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>",
        ),
        ("content.xml", content.as_str()),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    let input = Input::bytes("people.ods", zip.finish().unwrap().into_inner());
    let mut table = read_table(&input, None, &Setting::default()).unwrap();
    let row = table.next_row().unwrap().unwrap().unwrap();
    assert_eq!((row.text(Role::FullName), row.text(Role::Phone)), ("Бойко Олександр", "0671112233"));
}

#[test]
fn files_that_are_no_tables() {
    insta::assert_snapshot!(
        [
            refused("", ""),
            refused(" \r\n \n", ""),
            refused("Order no,Phone\n", ""),
            refused([0_u8, 1, 2, 3, 255, 0, 9, 0, 17].repeat(50), ""),
            refused(b"%PDF-1.7 ...".to_vec(), ""),
            refused(b"PK\x03\x04 not really".to_vec(), ""),
            refused([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0, 0, 0].to_vec(), ""),
            refused("Order no,Phone\n1,050\n", "[columns]\norder_id = 'Nomer'"),
            refused("Order no,Phone\n1,050\n", "[file]\nheader = 9"),
            refused("Заказ,Сумма\n1,5\n", "[file]\nencoding = 'windows-1251'"),
            refused(encoding_rs::WINDOWS_1251.encode("Заказ,Сумма\n1,5\n").0.into_owned(), "[file]\nencoding = 'utf-8'"),
            refused("Order no,Order date,Amount\n1,02/03/2022,5\n2,04/05/2022,6\n", ""),
            refused("a,b\n1,2\n".to_owned() + &",".repeat(5_000), ""),
        ]
        .join("\n"),
        @r#"
    shop.csv: is empty
    shop.csv: is empty
    shop.csv: has a header and no rows
    shop.csv: is a binary file, not a table
    shop.csv: is a PDF document, not a table
    shop.csv: the workbook cannot be read: invalid Zip archive: Could not find EOCD
    shop.csv: the workbook cannot be read: Cfb error: Invalid OLE (11 bytes is too small)
    shop.csv, column "Nomer": no column is called "Nomer" (named in the mapping); the file has: Order no, Phone
    shop.csv, line 9: the header row named in the mapping is not there
    shop.csv: is not in the encoding "windows-1251" of the mapping; it looks like UTF-8
    shop.csv: is not in the encoding "UTF-8" of the mapping; it looks like windows-1251
    shop.csv, column "Order date": dates are ambiguous: no day is above 12, so 02/03/2022 can be read two ways; set date_order = "dmy" or "mdy" in [file] of the mapping (--mapping), or pass --date-order
    shop.csv, line 3: the row has more than 4096 cells; is the delimiter right?
    "#
    );
}

#[test]
fn a_line_without_an_end_is_told_by_its_number() {
    let mut data = b"Order no,Phone\n1,0501112233\n".to_vec();
    data.resize(100 << 20, b'x');
    assert_eq!(
        refused(data, ""),
        "shop.csv, line 3: the line is longer than 16 MB; is this one record without line ends?"
    );
    let mut quoted = b"Order no,Phone\n1,\"0501112233\n2,".to_vec();
    quoted.resize(20 << 20, b'x');
    assert!(refused(quoted, "").contains("line 3: the line is longer"));
}

#[test]
fn rows_that_do_not_fit_are_rejected_alone() {
    let data = "Order no,Full name,Phone\n1,Анна,0501112233\n2,Борис\n3,Вера,0501112244,,\n4,Глеб,0501112255,extra\n5,\"open,0501\n6,Дина,0501112266\n7,\"Ева\",\"050\n8,Жан,1\n9,Зоя,\"2\"\n";
    assert_eq!(
        rows(data, "", Role::FullName),
        [
            "2: Анна",
            "line 3: 2 cells where the header has 3",
            "4: Вера",
            "line 5: 4 cells where the header has 3",
            "line 6: a quote was opened and never closed",
            "7: Дина",
            "line 8: a quote was opened and never closed",
            "9: Жан",
            "10: Зоя",
        ]
    );
    let name = "Терехина Наталья Алексеевна";
    let bad = [format!("Order no,Full name\n1,{name}\n2,").as_bytes(), b"\xff\n3,", name.as_bytes(), b"\n"]
        .concat();
    assert_eq!(
        rows(bad, "", Role::FullName).join(" | "),
        format!("2: {name} | line 3: bytes that are not UTF-8 | 4: {name}")
    );
}

#[test]
fn strange_texts_come_through_as_they_are() {
    let long = "Я".repeat(10_000);
    let names = [
        "'; DROP TABLE customers; --",
        "<script>alert(1)</script>",
        "\u{202e}abc\u{200b}",
        &long,
        "=cmd|' /C calc'!A0",
    ];
    let mut data = "Order no,Full name,Phone,Phone\n".to_owned();
    for (n, name) in names.iter().enumerate() {
        data.push_str(&format!("{n},\"{name}\",050111223{n},067111223{n}\n"));
    }
    let preview = sniff(&bytes(data.clone()), None).unwrap();
    assert_eq!(preview.warnings[0].code, "duplicate_headers");
    assert_eq!(preview.columns[3].header, "Phone (2)");
    let mut table = read_table(&bytes(data.clone()), None, &Setting::default()).unwrap();
    for name in names {
        let row = table.next_row().unwrap().unwrap().unwrap();
        assert_eq!(row.text(Role::FullName), name.trim());
        assert_eq!(row.all(Role::Phone).count(), 2);
    }
    let too_long = format!("Order no,Full name,Phone\n1,{},0501112233\n", "x".repeat(70_000));
    assert!(rows(too_long, "", Role::FullName)[0].contains("65536 is the limit"));
}

#[test]
fn cells_that_cannot_be_used_name_column_and_value() {
    let data = "Order no,Order date,Amount,Order status,Delivery date\n\
        1,31.02.2022,n/a,на Луне,32.01.2022\n2,,-,,\n3,01.03.2022,99999999999999999999,Возврат,\n";
    let mut table = read_table(&bytes(data), None, &Setting::default()).unwrap();
    let row = table.next_row().unwrap().unwrap().unwrap();
    let told = [
        row.date(Role::OrderDate).unwrap_err().to_string(),
        row.amount().unwrap_err().to_string(),
        row.status().unwrap_err().to_string(),
        row.date(Role::DeliveryDate).unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    line 2, column "Order date": "31.02.2022": there is no such day
    line 2, column "Amount": "n/a" is not an amount
    line 2, column "Order status": "на Луне" is not a known status; name it under [status] in the mapping
    line 2, column "Delivery date": "32.01.2022": there is no such day
    "#);
    let row = table.next_row().unwrap().unwrap().unwrap();
    assert_eq!((row.date(Role::OrderDate), row.amount(), row.status()), (Ok(None), Ok(None), Ok(None)));
    let row = table.next_row().unwrap().unwrap().unwrap();
    assert!(row.amount().unwrap_err().to_string().contains("too large"));
    assert_eq!(row.status(), Ok(Some(OrderStatus::Returned)));
}

#[test]
fn ambiguous_dates_are_settled_by_a_later_row_or_by_the_mapping() {
    let mut data = String::from("Order no,Order date,Amount\n");
    for n in 0..3_000 {
        data.push_str(&format!("{n},{}/{}/2010 8:26,5\n", 1 + n / 300, 1 + n % 12));
    }
    let open = sniff(&bytes(data.clone()), None).unwrap();
    assert_eq!((open.date_order, open.warnings[0].code), (None, "dates_ambiguous"));
    let settled = sniff(&bytes(data.clone() + "3000,12/13/2010 8:26,5\n"), None).unwrap();
    assert_eq!(settled.date_order, Some(DateOrder::Mdy));
    let named = Mapping::parse("[file]\ndate_order = 'dmy'").unwrap();
    assert!(read_table(&bytes(data.clone()), Some(&named), &Setting::default()).is_ok());
    let problem = read_table(&bytes(data), None, &Setting::default()).unwrap_err();
    assert!(matches!(problem.cause, Cause::AmbiguousDates(_)));
}

#[test]
fn the_real_sources_are_understood_without_a_mapping() {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !data.exists() {
        return;
    }
    let look = |name: &str| {
        let preview = sniff(&Input::path(data.join(name)), None).unwrap();
        let roles: Vec<String> = preview.columns.iter().map(|c| format!("{}={}", c.header, c.role)).collect();
        format!("{name} {:?} {:?}: {}", preview.kind, preview.date_order, roles.join(", "))
    };
    insta::assert_snapshot!(
        [
            look("bookshop/orders.csv"),
            look("bookshop/addresses.csv"),
            look("bookshop/persons.csv"),
            look("online_retail/invoices.csv"),
            look("cdnow/cdnow_sample_transactions.csv"),
        ]
        .join("\n"),
        @"
    bookshop/orders.csv Order Some(Dmy): Order no=order_id, Order date=order_date, Delivery date=delivery_date, Books=items, Amount=amount, Order status=status, Full name=full_name, E-mail=email, Phone=phone
    bookshop/addresses.csv Address Some(Dmy): Row=record_id, Date=order_date, Order no=order_id, Phone=phone, Contact=full_name, Delivery address=address, Operator=other, Note=note
    bookshop/persons.csv Person Some(Dmy): person_id=record_id, name_uk=full_name, name_ru=full_name, phones=phone, emails=email, addresses=other
    online_retail/invoices.csv Line Some(Mdy): InvoiceNo=order_id, InvoiceDate=order_date, CustomerID=customer_key, Country=country, Quantity=quantity, UnitPrice=price
    cdnow/cdnow_sample_transactions.csv Order Some(Ymd): master_id=other, sample_id=customer_key, date=order_date, cds=quantity, amount=amount
    "
    );
}
