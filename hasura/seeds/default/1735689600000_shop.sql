-- Every row follows from its number, so that two databases seeded from this file are equal.
INSERT INTO public.orgs (id, name, created_at)
  SELECT n, (ARRAY['Acme', 'Globex', 'Initech', 'Umbrella', 'Hooli', 'Stark', 'Wayne', 'Tyrell'])[n],
    timestamptz '2024-01-01 00:00:00+00' + n * interval '1 day'
  FROM generate_series(1, 8) AS n;

INSERT INTO public.users (id, org_id, name, email, created_at)
  SELECT n, 1 + (n - 1) % 8,
    (ARRAY['Ada', 'Alan', 'Barbara', 'Dennis', 'Edsger', 'Frances', 'Grace', 'Ken', 'Leslie', 'Margaret'])[1 + n % 10]
      || ' ' || (ARRAY['Hopper', 'Turing', 'Liskov', 'Ritchie', 'Dijkstra', 'Allen', 'Lamport'])[1 + n % 7],
    'user' || n || '@example.com',
    timestamptz '2024-02-01 08:00:00+00' + n * interval '3 hours'
  FROM generate_series(1, 200) AS n;

INSERT INTO public.categories (id, name)
  SELECT n, (ARRAY['Kitchen', 'Garden', 'Office', 'Outdoor', 'Toys', 'Books', 'Music', 'Lighting',
    'Storage', 'Travel', 'Sports', 'Tools'])[n]
  FROM generate_series(1, 12) AS n;

INSERT INTO public.products
    (id, sku, barcode, name, description, price, stock, tags, attributes, active, created_at)
  SELECT n, md5('product ' || n)::uuid, 9007199254740993 + n * 1000,
    (ARRAY['Oak', 'Steel', 'Linen', 'Glass', 'Cork', 'Copper', 'Wool', 'Paper'])[1 + n % 8] || ' '
      || (ARRAY['lamp', 'chair', 'mug', 'shelf', 'bag', 'kettle', 'desk', 'bottle', 'basket'])[1 + n % 9]
      || ' ' || n,
    CASE WHEN n % 11 > 0 THEN 'A well made thing, number ' || n || ' of its series.' END,
    round(((n * 7919) % 20000)::numeric / 100 + 1.99, 2),
    (n * 31) % 120,
    CASE n % 4
      WHEN 0 THEN '["new", "sale"]'::jsonb WHEN 1 THEN '["sale"]' WHEN 2 THEN '["new"]' ELSE '[]'
    END,
    jsonb_build_object(
      'color', (ARRAY['red', 'green', 'blue', 'black', 'white'])[1 + n % 5],
      'weight_g', (n * 137) % 5000,
      'dimensions', jsonb_build_object('w', n % 50, 'h', n % 70)
    ),
    n % 20 > 0,
    timestamptz '2024-03-01 12:00:00+00' + n * interval '90 minutes'
  FROM generate_series(1, 500) AS n;

INSERT INTO public.product_categories (product_id, category_id)
  SELECT n, 1 + (n + step * 5) % 12
  FROM generate_series(1, 500) AS n, generate_series(0, n % 3) AS step;

INSERT INTO public.orders (id, user_id, status, total, note, created_at)
  SELECT n, 1 + (n * 13) % 200,
    (ARRAY['pending', 'paid', 'shipped', 'delivered', 'cancelled'])[1 + n % 5], 0,
    CASE WHEN n % 6 = 0 THEN 'Leave it at the door, please' END,
    timestamptz '2024-06-01 00:00:00+00' + n * interval '47 minutes'
  FROM generate_series(1, 1200) AS n;

INSERT INTO public.order_items (id, order_id, product_id, quantity, unit_price)
  SELECT row_number() OVER (ORDER BY orders.id, step), orders.id, products.id,
    1 + (orders.id + step) % 4, products.price
  FROM public.orders
  CROSS JOIN LATERAL generate_series(0, orders.id % 4) AS step
  JOIN public.products ON products.id = 1 + (orders.id * 17 + step * 101) % 500;

UPDATE public.orders SET total = sums.total
  FROM (SELECT order_id, sum(quantity * unit_price) AS total FROM public.order_items GROUP BY order_id) AS sums
  WHERE sums.order_id = orders.id;

INSERT INTO public.reviews (id, product_id, user_id, rating, body, created_at)
  SELECT n, 1 + (n * 7) % 500, 1 + (n * 3) % 200, 1 + (n * 11) % 5,
    (ARRAY['Exactly as described.', 'Would buy it again.', 'Arrived late.', 'Not for me.', NULL])[1 + n % 5],
    timestamptz '2024-08-01 00:00:00+00' + n * interval '31 minutes'
  FROM generate_series(1, 900) AS n;

SELECT
  setval('public.orgs_id_seq', (SELECT max(id) FROM public.orgs)),
  setval('public.users_id_seq', (SELECT max(id) FROM public.users)),
  setval('public.categories_id_seq', (SELECT max(id) FROM public.categories)),
  setval('public.products_id_seq', (SELECT max(id) FROM public.products)),
  setval('public.orders_id_seq', (SELECT max(id) FROM public.orders)),
  setval('public.order_items_id_seq', (SELECT max(id) FROM public.order_items)),
  setval('public.reviews_id_seq', (SELECT max(id) FROM public.reviews));
